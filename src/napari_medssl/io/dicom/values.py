"""From stored values to what they mean: Hounsfield units, brightness, colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.pixels.processing import apply_color_lut

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.dicom.headers import read_elements
from napari_medssl.io.dicom.tags import PARSER_FAILURES, quietly
from napari_medssl.io.gate import COPY_AGAIN
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.io.dicom.headers import ImageFile
    from napari_medssl.io.dicom.stacks import Slice
    from napari_medssl.io.dicom.stored import StoredPixels

#: modalities whose values are a measurement, which no wish for a display may turn over
_MEASURED = {"CT", "PT"}
_PALETTE = tuple(
    f"{prefix}{colour}PaletteColorLookupTable{part}"
    for prefix in ("", "Segmented")
    for colour in ("Red", "Green", "Blue")
    for part in ("Descriptor", "Data")
    if not (prefix and part == "Descriptor")
)


@dataclass(frozen=True)
class Values:
    """Voxels in the order they were asked for, and what has to be said of them.

    Parameters
    ----------
    array : (slices, rows, columns) or (slices, rows, columns, 3) array
        Rescaled values, or red, green, blue in 0..255.
    notices : tuple of Notice
        What was changed.
    """

    array: NDArray[Any]
    notices: tuple[Notice, ...] = ()


def meaningful(stored: NDArray[Any], slices: Sequence[Slice]) -> Values:
    """Give stored values their meaning.

    Parameters
    ----------
    stored : (slices, rows, columns) or (slices, rows, columns, 3) array
        As decoded; may be written to.
    slices : sequence of Slice
        The frame that each came from.

    Raises
    ------
    UnreadableFileError
        If a palette is damaged.
    """
    pixels = slices[0].file.pixels
    if pixels.samples == 3:
        return _eight_bit(stored, pixels.bits_stored)
    if pixels.photometric == "PALETTE COLOR":
        return _with_palette(stored, slices)
    notices: list[Notice] = []
    inverted = pixels.photometric == "MONOCHROME1" and slices[0].file.modality not in _MEASURED
    hole = _padding(stored, slices[0].file)
    if inverted:
        low, high = _range(pixels)
        stored = (low + high - stored.astype(np.int64)).astype(stored.dtype)
        words = (
            "The file asks to be shown with dark and bright exchanged; its values were inverted."
        )
        notices.append(Notice("inverted", words))
    array = rescaled(stored, [s.frame.slope for s in slices], [s.frame.intercept for s in slices])
    if hole is not None and hole.any() and not hole.all():
        array, said = _with_dark_padding(array, hole)
        notices += said
    return Values(array, tuple(notices))


def rescaled(
    stored: NDArray[Any], slopes: Sequence[float], intercepts: Sequence[float]
) -> NDArray[Any]:
    """Return slope x stored + intercept, slice by slice, in the smallest type that is exact.

    Whole slopes and intercepts keep whole numbers: int16 where they fit, else int32; where nothing
    is to be done the stored type is kept. Otherwise float32.

    Parameters
    ----------
    stored : (slices, rows, columns) array
        As decoded.
    slopes, intercepts : sequence of float
        One of each for every slice.
    """
    if set(slopes) == {1.0} and set(intercepts) == {0.0}:
        return stored
    whole = stored.dtype.kind in "iu" and all(v == int(v) for v in (*slopes, *intercepts))
    ends = np.array([[s.min(), s.max()] for s in stored], np.float64)
    ends = ends * np.array(slopes)[:, None] + np.array(intercepts)[:, None]
    dtype: type[Any] = np.float32
    if whole:
        dtype = next(
            (t for t in (np.int16, np.int32) if _fits(ends, np.iinfo(t))),
            np.float32,
        )
    out = np.empty(stored.shape, dtype)
    for n, (slope, intercept) in enumerate(zip(slopes, intercepts, strict=True)):
        # float64 holds every stored integer of up to 32 bits exactly
        out[n] = stored[n].astype(np.float64) * slope + intercept
    return out


def _fits(ends: NDArray[np.float64], limits: np.iinfo[Any]) -> bool:
    return bool(limits.min <= ends.min() and ends.max() <= limits.max)


def _range(pixels: StoredPixels) -> tuple[int, int]:
    """Lowest and highest value that the stored bits can hold."""
    if pixels.signed:
        return -(2 ** (pixels.bits_stored - 1)), 2 ** (pixels.bits_stored - 1) - 1
    return 0, 2**pixels.bits_stored - 1


def _padding(stored: NDArray[Any], file: ImageFile) -> NDArray[np.bool_] | None:
    """Where the scanner filled up the picture outside its field of view."""
    if file.padding is None:
        return None
    low, high = file.padding
    hole: NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return hole


def _with_dark_padding(
    array: NDArray[Any], hole: NDArray[np.bool_]
) -> tuple[NDArray[Any], list[Notice]]:
    """Darken padding that outshines the whole image; any other is left as it is."""
    real = array[~hole]
    darkest = real.min()
    if array[hole].min() <= real.max():
        return array, []
    filled = array.copy()
    filled[hole] = darkest
    words = (
        f"{hole.mean():.0%} of the voxels lie outside what the scanner measured; they were set to "
        f"the lowest value of the image ({darkest:g})."
    )
    return filled, [Notice("padding-darkened", words)]


def _eight_bit(colours: NDArray[Any], bits: int) -> Values:
    """Bring colours of any depth to 0..255."""
    if colours.dtype == np.uint8 and bits == 8:
        return Values(colours)
    scaled = np.rint(colours.astype(np.float64) * (255 / (2**bits - 1)))
    words = f"The colours were reduced from {bits} to 8 bits."
    return Values(scaled.clip(0, 255).astype(np.uint8), (Notice("colour-reduced", words),))


def _with_palette(stored: NDArray[Any], slices: Sequence[Slice]) -> Values:
    """Look each value up in its file's own colour table."""
    out = np.empty((*stored.shape, 3), np.uint8)
    notices: tuple[Notice, ...] = ()
    for n, one in enumerate(slices):
        path = one.file.path
        damaged = UnreadableFileError(
            f"the colour table of '{path.name}' is damaged", do=COPY_AGAIN
        )
        try:
            with quietly():
                colours = apply_color_lut(stored[n], read_elements(path, _PALETTE))
        except PARSER_FAILURES:
            raise damaged from None
        reduced = _eight_bit(colours[..., :3], 8 * colours.dtype.itemsize)
        out[n], notices = reduced.array, reduced.notices
    return Values(out, notices)
