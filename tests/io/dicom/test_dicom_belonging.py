from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from napari_medssl.errors import GeometryError
from napari_medssl.io.dicom.belonging import Origin, about_wrong_references, require_belongs


@dataclass
class Series:
    """What is asked of a series."""

    patient: str = "4711"
    frame_of_reference: str = "1.2.3"
    planes_of: dict[str, Any] = field(default_factory=lambda: {"a": 0, "b": 1, "c": 2})

    @property
    def tags(self) -> Any:
        return SimpleNamespace(text=lambda keyword: {"PatientID": self.patient}[keyword])


def verdict(patient: str, frames: str, instances: str, series: Series | None = None) -> str:
    """Refused, or the codes and counts of what is told."""
    origin = Origin(patient, frozenset(frames.split()), frozenset(instances))
    try:
        told = require_belongs("RS.dcm", origin, series or Series())
    except GeometryError as error:
        words = str(error)
        known = {
            "'RS.dcm' belongs to another patient": "patient",
            "'RS.dcm' was drawn on other images": "place",
        }
        short = next((known[begins] for begins in known if words.startswith(begins)), words)
        return words if "4711" in words else short
    return " ".join(f"{n.code} {n.text.split('(')[1].split(')')[0]}" for n in told)


@pytest.mark.parametrize("frames", ["", "1.2.3", "9.9"])
def test_a_mask_all_of_whose_images_are_here_belongs(frames: str) -> None:
    assert verdict("4711", frames, "ab") == ""
    assert verdict("", frames, "ab") == ""


@pytest.mark.parametrize(("instances", "frames"), [("abc", "1.2.3"), ("", "1.2.3"), ("x", "9")])
def test_another_patients_mask_is_refused_whatever_else_fits(instances: str, frames: str) -> None:
    assert verdict("0815", frames, instances) == "patient"
    unnamed = Series(patient="")
    assert verdict("0815", "1.2.3", "a", unnamed) == ""


@pytest.mark.parametrize(
    ("instances", "frames", "told"),
    [
        ("", "1.2.3", ""),
        ("xy", "1.2.3", "drawn-on-other-images 2 of 2"),
        ("axy", "9.9", "drawn-on-other-images 2 of 3"),
        ("axy", "1.2.3 9.9", "drawn-on-other-images 2 of 3"),
        ("xy", "9.9", "place"),
        ("", "9.9", "place"),
        ("", "", "place"),
    ],
)
def test_a_shared_place_or_a_shared_image_is_needed(instances: str, frames: str, told: str) -> None:
    assert verdict("4711", frames, instances) == told


def test_outlines_that_name_another_slice_are_counted() -> None:
    assert about_wrong_references(0, 9) == []
    (notice,) = about_wrong_references(2, 9)
    assert notice.text.startswith("2 of 9 outlines")
