"""DICOM objects that are no images to segment, and what to say about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from napari_medssl.io.dicom.tags import Tags

_IMAGE_FIRST = "Open the image it belongs to"
_SERIES_FIRST = "Open the folder that holds the images"

#: by modality: what it is, what to do
_BY_MODALITY = {
    "SEG": ("a segmentation", _IMAGE_FIRST),
    "RTSTRUCT": ("a set of radiotherapy contours", _IMAGE_FIRST),
    "RTPLAN": ("a radiotherapy plan", _IMAGE_FIRST),
    "RTRECORD": ("a record of a radiotherapy treatment", _IMAGE_FIRST),
    "RTDOSE": ("a radiotherapy dose map", _IMAGE_FIRST),
    "SR": ("a report", _SERIES_FIRST),
    "KO": ("a list of key images", _SERIES_FIRST),
    "PR": ("a presentation state (display settings)", _SERIES_FIRST),
    "REG": ("a registration between images", _SERIES_FIRST),
    "FID": ("a set of landmarks", _SERIES_FIRST),
    "RWV": ("a table of real-world values", _SERIES_FIRST),
    "DOC": ("a document", _SERIES_FIRST),
    "SM": ("a whole-slide microscopy image", "Open it in a program for pathology slides"),
    "ANN": ("annotations of a microscopy slide", "Open them in a program for pathology slides"),
    "ECG": ("an electrocardiogram", _SERIES_FIRST),
    "EPS": ("a recording of electrical signals", _SERIES_FIRST),
    "HD": ("a recording of haemodynamic signals", _SERIES_FIRST),
    "AU": ("a sound recording", _SERIES_FIRST),
}
#: by the beginning of the SOP class, for files whose modality says nothing
_BY_CLASS = {
    "1.2.840.10008.5.1.4.1.1.66.4": "SEG",
    "1.2.840.10008.5.1.4.1.1.66.7": "SEG",
    "1.2.840.10008.5.1.4.1.1.66.1": "REG",
    "1.2.840.10008.5.1.4.1.1.66.2": "FID",
    "1.2.840.10008.5.1.4.1.1.77.1.6": "SM",
    "1.2.840.10008.5.1.4.1.1.91.1": "ANN",
    "1.2.840.10008.5.1.4.1.1.481.2": "RTDOSE",
    "1.2.840.10008.5.1.4.1.1.481.3": "RTSTRUCT",
    "1.2.840.10008.5.1.4.1.1.481.4": "RTRECORD",
    "1.2.840.10008.5.1.4.1.1.481.5": "RTPLAN",
    "1.2.840.10008.5.1.4.1.1.481.8": "RTPLAN",
    "1.2.840.10008.5.1.4.1.1.11.": "PR",
    "1.2.840.10008.5.1.4.1.1.88.59": "KO",
    "1.2.840.10008.5.1.4.1.1.88.": "SR",
    "1.2.840.10008.5.1.4.1.1.9.": "ECG",
    "1.2.840.10008.5.1.4.1.1.104.": "DOC",
    "1.2.840.10008.5.1.4.1.1.67": "RWV",
}


class NotAnImageError(UnsupportedFormatError):
    """A whole DICOM object, but not an image."""


def kind_of(tags: Tags) -> str:
    """Return DICOM's code for what an object is, such as ``"SEG"``, by its class if that tells."""
    sop_class = tags.text("SOPClassUID")
    return next(
        (kind for start, kind in _BY_CLASS.items() if sop_class.startswith(start)),
        tags.text("Modality"),
    )


def refuse_other_objects(tags: Tags, name: str) -> None:
    """Raise for a DICOM object that is not an image.

    Raises
    ------
    NotAnImageError
        Saying what it is and what to open instead.
    """
    kind = kind_of(tags)
    if kind in _BY_MODALITY:
        what, do = _BY_MODALITY[kind]
        raise NotAnImageError(f"'{name}' is {what}", expected="an image", do=do)
