"""Filling the slices between those that were drawn, from their shapes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


#: a pixel as deep inside one slice as it is outside the other is filled, whatever rounding does
_TIE_MM = 1e-6


def fill_between(
    mask: NDArray[np.bool_], spacing_mm: Sequence[float], axis: int
) -> NDArray[np.bool_]:
    """Fill the empty slices between drawn ones; drawn slices stay as they are, to the bit.

    A slice in between gets the shape half-way, by how deep inside or how far outside each voxel is
    in the two drawn slices around it. Parts that overlap turn into each other in place. A part
    that overlaps nothing in the other slice travels, in a straight line, to the nearest such part
    there; one that finds none ends at its own slice.

    Parameters
    ----------
    mask : (z, y, x) bool array
        One label, drawn on some slices.
    spacing_mm : (z, y, x)
        Size of a voxel.
    axis : int
        The axis that the drawn slices stand across.
    """
    filled = mask.copy()
    slices = np.moveaxis(filled, axis, 0)
    pixel_mm = [step for a, step in enumerate(spacing_mm) if a != axis]
    drawn = np.flatnonzero(slices.any(axis=(1, 2)))
    for first, last in pairwise(drawn):
        if last - first == 1:
            continue
        for one, other in _counterparts(slices[first], slices[last], pixel_mm):
            _fill(slices[first + 1 : last], one, other, pixel_mm)
    return filled


def _counterparts(
    first: NDArray[np.bool_], last: NDArray[np.bool_], pixel_mm: Sequence[float]
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Pair what belongs together in two slices: what touches, else what is nearest."""
    from scipy.optimize import linear_sum_assignment  # slow to import, seldom needed

    parts, count = ndimage.label(first | last)
    alone: tuple[list[NDArray[np.bool_]], ...] = ([], [])
    for number in range(1, count + 1):
        pair = (first & (parts == number), last & (parts == number))
        if pair[0].any() and pair[1].any():
            yield pair
        else:
            alone[bool(pair[1].any())].append(pair[0] | pair[1])
    if alone[0] and alone[1]:
        starts, ends = (np.array([_centre(part) for part in side]) for side in alone)
        away = np.linalg.norm((starts[:, None] - ends[None]) * pixel_mm, axis=2)
        for one, other in zip(*linear_sum_assignment(away), strict=True):
            yield alone[0][one], alone[1][other]


def _fill(
    between: NDArray[np.bool_],
    first: NDArray[np.bool_],
    last: NDArray[np.bool_],
    pixel_mm: Sequence[float],
) -> None:
    """Add to the slices between two what one part of a label turns into."""
    start = np.rint(_centre(first)).astype(int)
    way = np.rint(_centre(last)).astype(int) - start
    if (first & last).any():
        way[:] = 0
    # both in one frame, in which nothing moves, with a rim of background
    corners = np.concatenate([np.argwhere(first), np.argwhere(last) - way])
    low = corners.min(axis=0) - 1
    shape = corners.max(axis=0) + 2 - low
    depths = [
        _depth(_moved(part, -low - move, shape), pixel_mm)
        for part, move in ((first, 0 * way), (last, way))
    ]
    for step, target in enumerate(between, start=1):
        share = step / (len(between) + 1)
        shape_here = (1 - share) * depths[0] + share * depths[1] > -_TIE_MM
        target |= _moved(shape_here, low + np.rint(share * way).astype(int), target.shape)


def _depth(part: NDArray[np.bool_], pixel_mm: Sequence[float]) -> NDArray[np.float64]:
    """How deep inside, or (negative) how far outside, each pixel is, in mm."""
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(
        part, pixel_mm
    ) - ndimage.distance_transform_edt(~part, pixel_mm)
    return depth


def _moved(
    part: NDArray[np.bool_], way: NDArray[np.intp], shape: Sequence[int]
) -> NDArray[np.bool_]:
    """Copy a part, moved by whole pixels, into an empty slice; what falls out is lost."""
    moved = np.zeros(tuple(shape), bool)
    at = np.argwhere(part) + way
    inside = ((at >= 0) & (at < np.asarray(moved.shape))).all(axis=1)
    rows, columns = at[inside].T
    moved[rows, columns] = True
    return moved


def _centre(part: NDArray[np.bool_]) -> NDArray[np.float64]:
    centre: NDArray[np.float64] = np.argwhere(part).mean(axis=0)
    return centre
