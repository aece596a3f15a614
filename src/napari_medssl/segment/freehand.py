"""What is drawn freehand, a scribble or a lasso, as points and a box."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_medssl.errors import PromptError
from napari_medssl.segment.prompts import BoxPrompt, PointPrompt, Prompts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.segment.prompts import Index, Plane

    Place = tuple[float, float, float]

#: points that stand for a scribble: more of them say little more
_MOST_POINTS = 6


def scribble_prompts(plane: Plane, path: Sequence[Place], *, positive: bool = True) -> Prompts:
    """Return points spread evenly along a scribble.

    Parameters
    ----------
    plane : Plane
        The slice it was drawn on.
    path : sequence of (z, y, x)
        Where it went; indices, fractions lie between voxel centres.
    positive : bool
        Whether it runs inside what is wanted.

    Raises
    ------
    PromptError
        If it has no place at all.
    """
    if not path:
        raise PromptError("a scribble without a place", expected="a line on one slice")
    flat = np.array([plane.flat(place) for place in path])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(flat, axis=0), axis=1))])
    count = min(_MOST_POINTS, 1 + int(way[-1]))
    at = np.linspace(0, way[-1], count) if count > 1 else np.array([way[-1] / 2])
    rows, columns = (np.interp(at, way, flat[:, side]) for side in range(2))
    voxels = dict.fromkeys(
        _on(plane, row, column) for row, column in zip(rows, columns, strict=True)
    )
    *at_once, last = (PointPrompt(voxel, positive) for voxel in voxels)
    return Prompts((*(replace(point, answered=False) for point in at_once), last))


def lasso_prompts(plane: Plane, corners: Sequence[Place], size: tuple[int, int]) -> Prompts:
    """Return the box around a lasso, and the point in it that lies deepest.

    Parameters
    ----------
    plane : Plane
        The slice it was drawn on.
    corners : sequence of (z, y, x)
        Its corners in order; it closes by itself.
    size : (int, int)
        Rows and columns of the slice; what lies beyond is cut off.

    Raises
    ------
    PromptError
        If it holds no pixel.
    """
    inside = _filled(np.array([plane.flat(place) for place in corners]).reshape(-1, 2), size)
    if not inside.any():
        raise PromptError("a lasso that holds no pixel", do="Draw around what you want")
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    (top, bottom), (left, right) = rows[[0, -1]], columns[[0, -1]]
    part = np.pad(inside[top : bottom + 1, left : right + 1], 1)
    depth = ndimage.distance_transform_edt(part)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    box = BoxPrompt(_on(plane, top, left), _on(plane, bottom, right))
    return Prompts((PointPrompt(_on(plane, top + int(row), left + int(column))),), (box,))


def _filled(corners: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose middle lies in a polygon, by the even-odd rule.

    Each side is looked at in its own rows only: a lasso has hundreds of short ones.
    """
    inside = np.zeros(size, bool)
    column = np.arange(size[1])
    for (r0, c0), (r1, c1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        first, end = (min(max(math.ceil(r), 0), size[0]) for r in sorted((r0, r1)))
        if first < end:
            row = np.arange(first, end)[:, None]
            inside[first:end] ^= column < c0 + (row - r0) * (c1 - c0) / (r1 - r0)
    return inside


def _on(plane: Plane, row: float, column: float) -> Index:
    """The voxel (z, y, x) of a slice nearest to a row and a column."""
    place = [round(float(row)), round(float(column))]
    place.insert(plane.axis, plane.index)
    return place[0], place[1], place[2]
