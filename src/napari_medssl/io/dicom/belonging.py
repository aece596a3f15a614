"""Whether a DICOM mask was drawn on the series at hand, before a voxel of it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import GeometryError
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from napari_medssl.io.dicom.source import SourceSeries

_OWN_SERIES = "Open the series that it was drawn on"


@dataclass(frozen=True)
class Origin:
    """What a mask says of the images it was drawn on; for comparing only, never shown.

    Parameters
    ----------
    patient_id : str
        Empty where it does not say.
    frames_of_reference : frozenset of str
        Coordinate systems that its positions are in.
    instances : frozenset of str
        Images that its contours or frames name.
    """

    patient_id: str
    frames_of_reference: frozenset[str]
    instances: frozenset[str]


def require_belongs(name: str, origin: Origin, series: SourceSeries) -> list[Notice]:
    """Refuse a mask of another patient or place; say it if it was drawn on other images there.

    Parameters
    ----------
    name : str
        The mask's file name.
    origin : Origin
        What it says of its images.
    series : SourceSeries
        The series it is to be laid on.

    Raises
    ------
    GeometryError
        If it is of another patient, or shares neither an image nor a frame of reference.
    """
    patient = series.tags.text("PatientID")
    if origin.patient_id and patient and origin.patient_id != patient:
        raise GeometryError(
            f"'{name}' belongs to another patient than the image",
            expected="a mask that was drawn on this image",
            do="Choose the mask of this patient",
        )
    strange = origin.instances - series.planes_of.keys()
    if origin.instances and not strange:
        return []
    if series.frame_of_reference in origin.frames_of_reference:
        return _about_strange(len(strange), len(origin.instances))
    if origin.instances - strange:
        return _about_strange(len(strange), len(origin.instances))
    raise GeometryError(
        f"'{name}' was drawn on other images, in another frame of reference",
        expected="a mask whose positions are those of this image",
        do=_OWN_SERIES,
    )


def _about_strange(strange: int, named: int) -> list[Notice]:
    if not strange:
        return []
    words = (
        f"The mask was drawn on images that are not in this series ({strange} of {named}); they "
        "share its coordinates, so each outline was laid where its position says."
    )
    return [Notice("drawn-on-other-images", words)]


def about_wrong_references(wrong: int, drawn: int) -> list[Notice]:
    """Say that outlines name another slice than the one they lie on."""
    if not wrong:
        return []
    words = (
        f"{wrong} of {drawn} outlines name another slice than the one they lie on; their position "
        "was taken."
    )
    return [Notice("references-wrong", words)]
