"""What a report says, for images of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_medssl.io.label_figures import measure_labels
from napari_medssl.io.overlay import Overlay
from napari_medssl.io.report.words import columns, facts, limits, origin_of_outlines
from napari_medssl.volume import Geometry, Notice, Volume, Window


def scan(shape: tuple[int, ...] = (40, 30, 20), **rest: Any) -> Volume:
    affine = np.diag([0.5, 0.5, 4.0, 1.0])
    array = np.full(shape, 60, np.int16) if len(shape) == 3 else np.zeros(shape, np.uint8)
    geometry = Geometry.from_affine(shape[-3:], affine)
    return Volume.from_source_array(array, geometry, name="scan", format="made", **rest)


def plain(text: str) -> str:
    """Dashes, minus and times as a keyboard has them."""
    return text.translate({0x2013: "-", 0x2212: "-", 0xD7: "x"})


def table(volume: Volume) -> dict[str, str]:
    """Headings and cells of one label: 10 x 8 pixels on 3 slices, if there are so many."""
    mask = np.zeros(volume.geometry.shape, np.uint8)
    mask[:3, 2:10, 4:14] = 1
    (label,) = measure_labels(volume, mask)
    return {plain(column.title): plain(column.cell(label)) for column in columns(volume)}


def test_ct() -> None:
    assert table(scan(modality="CT", units="HU")) == {
        "Volume, ml": "0.24",
        "Slices": "3",
        "Extent R-L x A-P x S-I, mm": "5.0 x 4.0 x 12",
        "Mean ± SD, HU": "60 ± 0",
    }


def test_a_slice_has_an_area() -> None:
    assert table(scan((40, 30, 1))) == {"Area, cm²": "0.20", "Extent R-L x A-P, mm": "5.0 x 4.0"}


def test_a_picture_counts_pixels() -> None:
    told = table(scan((3, 40, 30, 1), spacing_known=False, orientation_known=False))
    assert told == {"Area, pixels": "80", "Extent width x height, pixels": "10 x 8.0"}


def test_a_cine_has_frames_and_no_volume() -> None:
    told = table(scan(stack="time", orientation_known=False))
    assert told == {
        "Largest area, cm²": "0.20",
        "Frames": "3",
        "Extent width x height, mm": "5.0 x 4.0",
    }


def test_an_image_of_unknown_voxels_counts_them() -> None:
    told = table(scan(spacing_known=False))
    assert told["Voxels"] == "240"
    assert told["Extent R-L x A-P x S-I, pixels"] == "10 x 8.0 x 3.0"


def test_facts_of_the_image() -> None:
    overlay = Overlay(scan(modality="CT", units="HU"), window=Window(-1000, 240))
    what, shown = map(plain, facts(overlay))
    assert what == "CT, 40 x 30 x 20 voxels of 0.50 x 0.50 x 4.00 mm"
    assert "Black is -1,000 HU and below, white 240 HU and above" in shown
    assert "Black" not in facts(Overlay(scan((3, 9, 9, 9), modality="US")))[1]


def test_origin() -> None:
    outlines: list[Any] = [
        {"engine": "litemedsam", "points_ijk": [{}, {}], "boxes_ijk": []},
        {"engine": "litemedsam", "points_ijk": [], "boxes_ijk": [[], []]},
        {"label": 3},
        {"engine": "Organs in CT", "automatic": True},
        {"engine": "sam_vit_b", "method": "everything"},
        "rubbish",
    ]
    assert origin_of_outlines(outlines, {"Brush": 1200, "Eraser": 3}) == [
        "2 outlines by litemedsam, from 2 boxes and 2 points.",
        "1 outline by an engine that is not named, from prompts that are not recorded.",
        "1 outline by Organs in CT, by itself.",
        "1 outline by sam_vit_b, from all that it found on a slice.",
        "Steps by hand: Brush 1,200, Eraser 3.",
    ]
    assert origin_of_outlines([], {}) == [
        "Nothing is recorded about how these outlines came about."
    ]


@pytest.mark.parametrize(("code", "is_told"), [("spacing-assumed", True), ("cine", False)])
def test_only_what_touches_the_numbers_is_told(code: str, is_told: bool) -> None:
    volume = scan(notices=(Notice(code, "A sentence."),))
    assert limits(volume) == (["A sentence."] if is_told else [])
