"""Holes: background that a label closes in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fill_holes(
    mask: NDArray[np.bool_], *, most_voxels: float = math.inf, across: int | None = None
) -> NDArray[np.bool_]:
    """Fill the holes of a mask.

    A hole is background that no path through the faces of voxels joins to the edge of the image.
    An axis of one voxel is no way out: a picture is filled as a picture.

    Parameters
    ----------
    mask : (z, y, x) bool array
        Part of an image, with a voxel of background around the label or up to the image's edge.
    most_voxels : float
        Larger holes stay.
    across : int, optional
        Look at each slice across this axis on its own.
    """
    faces = ndimage.generate_binary_structure(3, 1)
    ways_out = [axis for axis in range(3) if mask.shape[axis] > 1 and axis != across]
    if across is not None:
        np.moveaxis(faces, across, 0)[[0, 2]] = False
    gaps, count = ndimage.label(~mask, faces)
    hole = np.bincount(gaps.ravel(), minlength=count + 1) <= most_voxels
    for axis in ways_out:
        hole[gaps.take([0, -1], axis)] = False
    hole[0] = False
    filled: NDArray[np.bool_] = mask | hole[gaps]
    return filled
