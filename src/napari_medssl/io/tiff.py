"""TIFF: single pictures and stacks of pages, grey or colour."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.gate import COPY_AGAIN, check_memory, check_volume
from napari_medssl.io.pictures import as_volume, check_pixels, pixels_of
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_MOST_PAGES = 20_000
_PLAIN = 1
_DAMAGED_TAGS = Notice(
    "damaged-tags", "Some of the file's own notes are damaged: check that the picture is whole."
)


def read_tiff(path: Path, *, volume: int = 0) -> Volume:
    """Read a TIFF: its pages, all of one size, are the slices.

    Plain pages are read by tifffile; packed ones by libtiff (through Pillow), which stops at the
    declared size of a page where tifffile inflates whatever comes.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or cut off.
    UnsupportedFormatError
        If pages differ, or there are more axes than a stack has.
    """
    import tifffile

    check_volume(path.name, volume, 1)
    with _Complaints() as complaints, tifffile.TiffFile(path) as tiff:
        pages = list(tiff.pages[:_MOST_PAGES])
        packed = _check(path, pages)
        stored = None if packed else _plain(path, tiff.series[0])
    if stored is None:
        if complaints.heard:
            raise _damaged(path)
        stored = _packed(path, len(pages))
    return as_volume(path, stored, (_DAMAGED_TAGS,) if complaints.heard else ())


class _Complaints(logging.Filter):
    """Hears what tifffile logs about a damaged file in this thread, and keeps it off the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = False
        self._thread = threading.get_ident()
        self._logger = logging.getLogger("tifffile")

    def filter(self, record: logging.LogRecord) -> bool:
        ours = record.thread == self._thread
        self.heard |= ours and record.levelno >= logging.WARNING
        return not ours

    def __enter__(self) -> _Complaints:
        self._logger.addFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeFilter(self)


def _check(path: Path, pages: list[Any]) -> bool:
    """Require that all pages are alike and lie within the file; tell whether they are packed."""
    if not pages or pages[0].dtype is None:
        raise _damaged(path)
    first, size = pages[0], path.stat().st_size
    check_pixels(path.name, int(first.imagewidth), int(first.imagelength), 4)
    check_memory(path.name, 3 * len(pages) * int(first.nbytes))
    packed = int(first.compression) != _PLAIN
    for page in pages:
        if (page.shape, page.dtype) != (first.shape, first.dtype):
            raise UnsupportedFormatError(
                f"the pages of '{path.name}' differ in size or type",
                expected="a stack of like pages",
                do="Save the page to look at as a picture of its own",
            )
        starts, counts = page.dataoffsets, page.databytecounts
        if len(starts) != len(counts) or (not packed and sum(counts) < page.nbytes):
            raise _damaged(path)
        if any(start + count > size for start, count in zip(starts, counts, strict=True)):
            raise _damaged(path)
    return packed


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(f"'{path.name}' is damaged or cut off", do=COPY_AGAIN)


def _plain(path: Path, series: Any) -> NDArray[Any]:
    """Return (column, row, page) or (column, row, page, channel)."""
    axes, array = series.axes, np.asarray(series.asarray())
    for axis in range(len(axes) - 1, -1, -1):
        if axes[axis] not in "YXS" and array.shape[axis] == 1:
            axes, array = axes[:axis] + axes[axis + 1 :], np.take(array, 0, axis=axis)
    stacks = [axis for axis in axes if axis not in "YXS"]
    if len(stacks) > 1 or "C" in stacks:
        raise UnsupportedFormatError(
            f"'{path.name}' has the axes {', '.join(axes)}",
            expected="columns, rows and one stack of pages",
            do="Save one channel and one time point as a stack of its own",
        )
    if not stacks:
        axes, array, stacks = f"P{axes}", array[None], ["P"]
    order = [axes.index(a) for a in ("X", "Y", *stacks, *("S" if "S" in axes else ""))]
    return _grey_or_colour(path, array.transpose(order))


def _packed(path: Path, pages: int) -> NDArray[Any]:
    """Return (column, row, page) or (column, row, page, channel)."""
    from PIL.TiffImagePlugin import TiffImageFile

    slices = []
    with path.open("rb") as file, TiffImageFile(file) as picture:
        for page in range(pages):
            picture.seek(page)
            slices.append(pixels_of(picture)[0])
    return _grey_or_colour(path, np.stack(slices, axis=2))


def _grey_or_colour(path: Path, stored: NDArray[Any]) -> NDArray[Any]:
    """Make two-colour pages 0 and 255, and refuse what is neither grey nor 8-bit colour."""
    if stored.dtype == bool:
        stored = stored.astype(np.uint8) * np.uint8(255)
    colour = stored.ndim == 4 and stored.shape[3] in (3, 4) and stored.dtype == np.uint8
    if stored.dtype.kind not in "iuf" or not (stored.ndim == 3 or colour):
        raise UnsupportedFormatError(
            f"'{path.name}' holds {stored.dtype} numbers in "
            f"{stored.shape[3] if stored.ndim == 4 else 1} channels",
            expected="grey values, or 8-bit red, green and blue",
        )
    return stored
