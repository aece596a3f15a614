"""Whether two scans are of one patient and in one coordinate system, as far as DICOM tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import GeometryError
from napari_medssl.io.dicom.source import find_source
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from napari_medssl.volume import Volume

_FRAMES_DIFFER = Notice(
    "frames-of-reference-differ",
    "The two scans have different frames of reference: the scanner does not say that one place has "
    "the same coordinates in both. Check a landmark in both before you trust the overlay.",
)


def check_same_patient(first: Volume, second: Volume) -> tuple[Notice, ...]:
    """Refuse a scan of another patient; say it if positions need not agree.

    Only DICOM tells: of other formats nothing is refused and nothing said.

    Parameters
    ----------
    first, second : Volume
        Two scans to be laid over each other. Their headers are read again.

    Raises
    ------
    GeometryError
        If the two are of different patients.
    MedSSLError
        If the files of one are not there any more.
    """
    if {first.source.format, second.source.format} != {"dicom"}:
        return ()
    one, other = (find_source(volume).tags for volume in (first, second))
    patients = {tags.text("PatientID") for tags in (one, other)} - {""}
    if len(patients) > 1:
        raise GeometryError(
            f"'{second.source.name}' is of another patient than '{first.source.name}'",
            expected="two scans of one patient",
            do="Choose a scan of this patient",
        )
    frames = {tags.text("FrameOfReferenceUID") for tags in (one, other)} - {""}
    return (_FRAMES_DIFFER,) if len(frames) > 1 else ()
