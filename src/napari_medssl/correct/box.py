"""The smallest box around something, so that a tool looks at that and not at the whole scan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Box = tuple[slice, slice, slice]


def box_around(marked: NDArray[Any]) -> Box | None:
    """Return the smallest box around all true voxels of a (z, y, x) array; None if there are none.

    One axis after the other, each on what is left: most of a scan is looked at once.
    """
    box = [slice(0, n) for n in marked.shape]
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        hit = np.flatnonzero(marked[tuple(box)].any(axis=others))
        if not hit.size:
            return None
        box[axis] = slice(int(hit[0]), int(hit[-1]) + 1)
    return box[0], box[1], box[2]


def inside(box: Box, part: Box) -> Box:
    """Return a part of a box, told in the box's own voxels, in voxels of the whole."""
    z, y, x = (
        slice(whole.start + cut.start, whole.start + cut.stop)
        for whole, cut in zip(box, part, strict=True)
    )
    return z, y, x


def index_in(box: Box, voxel: tuple[int, int, int]) -> tuple[int, int, int] | None:
    """Return where in a box a voxel of the whole is; None where it is not in it."""
    if not all(part.start <= at < part.stop for at, part in zip(voxel, box, strict=True)):
        return None
    z, y, x = (at - part.start for at, part in zip(voxel, box, strict=True))
    return z, y, x


def widened(box: Box, mm: float, spacing_mm: Sequence[float], limit: Box) -> Box:
    """Return a box with ``mm`` and one voxel more on every side, but not past ``limit``.

    The one voxel more shows a tool the background beside the label.
    """
    steps = [math.ceil(mm / step) + 1 for step in spacing_mm]
    z, y, x = (
        slice(max(part.start - step, most.start), min(part.stop + step, most.stop))
        for part, step, most in zip(box, steps, limit, strict=True)
    )
    return z, y, x
