"""Reading any saved mask back onto its image: what it marks, what its labels are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.io.gate import regular_file
from napari_medssl.io.label_table import LabelInfo, unnamed_label
from napari_medssl.io.labels import read_label_array, values_in
from napari_medssl.io.read import format_of, told_in_a_sentence
from napari_medssl.io.sidecar import read_sidecar
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.io.dicom.masks import DrawingReader
    from napari_medssl.volume import Notice, Volume


@dataclass(frozen=True)
class SavedMask:
    """A mask that was read, on the grid of its image.

    Parameters
    ----------
    array : (z, y, x) array
        Labels in the smallest unsigned type.
    labels : tuple of LabelInfo
        One for every value in the array, and for every empty label that the file names.
    outlines : tuple of mapping
        How each outline came about, where the file beside the mask tells.
    notices : tuple of Notice
        What was decided while reading.
    """

    array: NDArray[Any]
    labels: tuple[LabelInfo, ...]
    outlines: tuple[Mapping[str, Any], ...] = ()
    notices: tuple[Notice, ...] = ()


def read_mask(path: str | Path, volume: Volume, *, label: int | None = None) -> SavedMask:
    """Read a mask of any format onto its image; nothing is resampled.

    Parameters
    ----------
    path : str or Path
        NIfTI, NRRD, MetaImage or PNG, with the JSON file beside it if there is one; DICOM SEG or
        RTSTRUCT.
    volume : Volume
        The image that the mask belongs to.
    label : int, optional
        Read this label alone: all of it, also where others overlap it.

    Raises
    ------
    MedSSLError
        In one sentence, whatever is wrong: another patient, another grid, a damaged file.
    """
    path = Path(path)
    mask = told_in_a_sentence(path, lambda: _read(path, volume, label))
    known = {info.value: info for info in mask.labels}
    for value in values_in(mask.array):
        known.setdefault(value, unnamed_label(value))
    return replace(mask, labels=tuple(known[value] for value in sorted(known)))


def read_labels(path: str | Path, volume: Volume) -> NDArray[Any]:
    """Read a label map onto an image's grid; axes may be stored in another order.

    Parameters
    ----------
    path : str or Path
        A label map in any format that `read_mask` reads. A palette picture gives its entries.
    volume : Volume
        The image the labels belong to.

    Returns
    -------
    (z, y, x) array
        Labels in the smallest unsigned type.

    Raises
    ------
    GeometryError
        If the labels are not on the image's grid: another shape, or another place.
    UnreadableFileError
        If values are negative, not whole, or the file is damaged.
    """
    return read_mask(path, volume).array


def _read(path: Path, volume: Volume, label: int | None) -> SavedMask:
    if not path.is_dir() and regular_file(path) and format_of(path) == "dicom":
        from napari_medssl.io.dicom.masks import reader_of

        reader = reader_of(path)
        if reader is not None:
            return _read_drawn(path, volume, label, reader)
    array = read_label_array(path, volume)
    beside = read_sidecar(path)
    if label is None:
        return SavedMask(array, beside.labels, beside.outlines)
    only = _only(path, label, beside.labels or tuple(map(unnamed_label, values_in(array))))
    return SavedMask(smallest_unsigned(np.where(array == label, array, 0)), only, beside.outlines)


def _read_drawn(path: Path, volume: Volume, label: int | None, reader: DrawingReader) -> SavedMask:
    """Read a mask that is drawn on the slices of a DICOM series."""
    from napari_medssl.io.dicom.drawing import merge
    from napari_medssl.io.dicom.source import find_source

    series = find_source(volume)
    drawings, notices = reader(path, series)
    if label is not None:
        _only(path, label, [drawing.label for drawing in drawings])
        drawings = [drawing for drawing in drawings if drawing.label.value == label]
    planes, overlaps = merge(drawings, (len(series.planes), series.rows, series.columns))
    return SavedMask(
        smallest_unsigned(volume.source.axes.apply(planes.transpose(2, 1, 0))),
        tuple(drawing.label for drawing in drawings),
        read_sidecar(path).outlines,
        (*notices, *overlaps),
    )


def _only(path: Path, label: int, labels: Sequence[LabelInfo]) -> tuple[LabelInfo, ...]:
    wanted = tuple(info for info in labels if info.value == label)
    if not wanted:
        values = ", ".join(str(info.value) for info in labels) or "none"
        raise UsageError(f"label {label} of '{path.name}'", expected=f"one of its labels: {values}")
    return wanted
