"""Shapes on slices as depths: how far inside or outside of an outline each pixel lies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Cut = tuple[slice, slice]


def depth_mm(mask: NDArray[np.bool_], pixel_mm: tuple[float, float]) -> NDArray[np.float32]:
    """Return how deep inside, or (negative) how far outside, each pixel of a mask is, in mm.

    Parameters
    ----------
    mask : (rows, columns) bool array
        Not empty.
    pixel_mm : (float, float)
        Height and width of a pixel.
    """
    inside = ndimage.distance_transform_edt(mask, pixel_mm)
    outside = ndimage.distance_transform_edt(~mask, pixel_mm)
    depth: NDArray[np.float32] = (inside - outside).astype(np.float32)
    return depth


def between(
    one: NDArray[np.bool_], other: NDArray[np.bool_], share: float, pixel_mm: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the depths, in mm, of the shape that lies between two.

    Shapes that share a pixel turn into each other in place; else one travels to the other.

    Parameters
    ----------
    one, other : (rows, columns) bool arrays
        Neither empty.
    share : float
        How far it is on the way to the other, 0 to 1.
    pixel_mm : (float, float)
        Height and width of a pixel.
    """
    if not (one & other).any():
        way = _centre(other) - _centre(one)
        one, other = _moved(one, share * way), _moved(other, (share - 1) * way)
    return (1 - share) * depth_mm(one, pixel_mm) + share * depth_mm(other, pixel_mm)


def around(mask: NDArray[np.bool_], mm: float, pixel_mm: tuple[float, float]) -> Cut:
    """Return the rows and columns of a mask that is not empty, with ``mm`` more on every side."""
    cut = []
    for axis, step in enumerate(pixel_mm):
        hit = np.flatnonzero(mask.any(axis=1 - axis))
        more = math.ceil(mm / step) + 1
        cut.append(
            slice(max(0, int(hit[0]) - more), min(mask.shape[axis], int(hit[-1]) + 1 + more))
        )
    return cut[0], cut[1]


def touching(mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the parts of a mask that share a pixel with another."""
    parts, _ = ndimage.label(mask)
    shared = np.unique(parts[mask & other])
    kept: NDArray[np.bool_] = np.isin(parts, shared[shared > 0])
    return kept


def _moved(mask: NDArray[np.bool_], way: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Move a mask by whole pixels; what would leave the slice is lost."""
    rows, columns = np.rint(way).astype(int)
    moved: NDArray[np.bool_] = ndimage.shift(mask, (rows, columns), order=0, cval=0)
    return moved


def _centre(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    centre: NDArray[np.float64] = np.argwhere(mask).mean(axis=0)
    return centre
