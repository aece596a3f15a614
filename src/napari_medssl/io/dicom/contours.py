"""Closed outlines of a mask and back: numbers only, in (row, column) of pixel centres.

An outline runs half way between the pixels it parts, so filling it gives the same mask bit for
bit. A hole is reached through a keyhole, a channel without width, as DICOM asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_MOST_CROSSINGS = 2**22


def outlines(mask: NDArray[np.bool_]) -> Iterator[NDArray[np.float64]]:
    """Yield one closed outline for each connected part of a mask, holes cut in by keyholes.

    Parameters
    ----------
    mask : (rows, columns) bool array
        Parts that touch at a corner only are one.

    Yields
    ------
    (points, 2) array
        (row, column), pixel centres at whole numbers; the last point joins the first.
    """
    from scipy import ndimage

    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    for number, where in enumerate(ndimage.find_objects(parts), 1):
        corner = np.array([span.start - 1 for span in where])
        yield _outline_of_part(np.pad(parts[where] == number, 1)) + corner


def _outline_of_part(part: NDArray[np.bool_]) -> NDArray[np.float64]:
    from skimage.measure import find_contours

    find: Any = find_contours  # it is not annotated
    found = find(part.astype(np.uint8), 0.5, fully_connected="high")
    loops = [_with_points_between_rows(loop[:-1]) for loop in found]
    tops = [int(np.lexsort(loop.T[::-1])[0]) for loop in loops]
    turned = [np.roll(loop, -top, axis=0) for loop, top in zip(loops, tops, strict=True)]
    # from the top down and from left to right: the loop around the whole part comes first
    around: NDArray[np.float64]
    around, *holes = sorted(turned, key=lambda loop: (loop[0, 0], loop[0, 1]))
    for hole in holes:
        around = _with_keyhole(around, hole)
    return _without_straight_points(around)


def _with_points_between_rows(loop: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add a point wherever a loop passes half way between two rows, where keyholes can end."""
    after = np.roll(loop, -1, axis=0)
    tall = np.flatnonzero(np.abs(after[:, 0] - loop[:, 0]) == 1)
    return np.insert(loop, tall + 1, (loop[tall] + after[tall]) / 2, axis=0)


def _with_keyhole(around: NDArray[np.float64], hole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Go from an outline to the top of a hole, around it, and back the same way.

    The way runs to the left, between two rows of pixels, so that no reader can meet it in the
    centre of a pixel. It ends at the first point of the outline, which holds all loops above.
    """
    row, column = hole[0]
    level = np.flatnonzero((around[:, 0] == row) & (around[:, 1] < column))
    gate = int(level[np.argmax(around[level, 1])])
    return np.concatenate([around[: gate + 1], hole, hole[:1], around[gate:]])


def _without_straight_points(loop: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out points that lie on the line between their neighbours."""
    into, out = loop - np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0) - loop
    kept: NDArray[np.float64] = loop[into[:, 0] * out[:, 1] != into[:, 1] * out[:, 0]]
    return kept


def fill(loops: Iterable[NDArray[np.float64]], rows: int, columns: int) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie inside an odd number of closed outlines.

    Parameters
    ----------
    loops : iterable of (points, 2) array
        (row, column), pixel centres at whole numbers; they may reach beyond the picture.
    rows, columns : int
        Size of the picture.

    Returns
    -------
    (rows, columns) bool array
    """
    # every crossing of an outline with a row turns the rest of that row over
    turns = np.zeros((rows, columns + 1), np.uint8)
    for loop in loops:
        for row, column in _crossings(loop, rows):
            first = np.clip(np.ceil(column), 0, columns).astype(np.intp)
            np.bitwise_xor.at(turns, (row, first), 1)
    inside: NDArray[np.bool_] = np.bitwise_xor.accumulate(turns[:, :-1], axis=1).astype(bool)
    return inside


def _crossings(
    loop: NDArray[np.float64], rows: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Yield row and column of each crossing of a closed line with the middle of a row."""
    start, end = loop, np.roll(loop, -1, axis=0)
    # from low to high, so that the two ways through a keyhole give the very same crossings
    turned = (start[:, 0] > end[:, 0])[:, None]
    low, high = np.where(turned, end, start), np.where(turned, start, end)
    first = np.clip(np.ceil(low[:, 0]), 0, rows).astype(np.intp)
    count = np.clip(np.ceil(high[:, 0]), 0, rows).astype(np.intp) - first
    edges = np.flatnonzero(count)
    parts = np.flatnonzero(np.diff(np.cumsum(count[edges]) // _MOST_CROSSINGS)) + 1
    for part in np.split(edges, parts):
        edge = np.repeat(part, count[part])
        step = np.arange(len(edge)) - np.repeat(np.cumsum(count[part]) - count[part], count[part])
        row = first[edge] + step
        rise = (high[edge] - low[edge]).T
        yield row, low[edge, 1] + (row - low[edge, 0]) * rise[1] / rise[0]
