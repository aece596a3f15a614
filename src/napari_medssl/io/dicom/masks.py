"""One door for masks that are DICOM objects: segmentations and radiotherapy contours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.dicom.headers import read_elements
from napari_medssl.io.dicom.objects import kind_of
from napari_medssl.io.dicom.rtstruct_read import read_rtstruct
from napari_medssl.io.dicom.seg_read import read_seg
from napari_medssl.io.dicom.tags import PARSER_FAILURES, Tags
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_medssl.io.dicom.drawing import Drawing
    from napari_medssl.io.dicom.source import SourceSeries
    from napari_medssl.volume import Notice

    DrawingReader = Callable[[Path, SourceSeries], tuple[list[Drawing], list[Notice]]]

_READERS: dict[str, DrawingReader] = {"SEG": read_seg, "RTSTRUCT": read_rtstruct}


def reader_of(path: Path) -> DrawingReader | None:
    """Return what reads a DICOM file as a mask; None where it is no SEG and no RTSTRUCT.

    Raises
    ------
    UnreadableFileError
        If the file is damaged.
    """
    try:
        kind = kind_of(Tags.of(read_elements(path, ("SOPClassUID", "Modality"))))
    except PARSER_FAILURES:
        raise UnreadableFileError(
            f"the DICOM header of '{path.name}' is damaged", do=COPY_AGAIN
        ) from None
    return _READERS.get(kind)
