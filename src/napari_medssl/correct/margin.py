"""Growing and shrinking by exact distances in mm, whatever the shape of a voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: so that three steps of 0.7 mm are no farther than 2.1 mm, whatever binary fractions make of it
_ROUNDING = 1e-5


def grow(mask: NDArray[np.bool_], spacing_mm: Sequence[float], mm: float) -> NDArray[np.bool_]:
    """Add every voxel whose centre lies no farther than ``mm`` from the centre of one inside.

    Parameters
    ----------
    mask : (z, y, x) bool array
        What to grow.
    spacing_mm : (z, y, x)
        Size of a voxel. Along an axis where it is more than ``mm``, nothing is added.
    mm : float
        How far.
    """
    squares = np.where(mask, np.float32(0), np.float32(np.inf))
    for axis, step in enumerate(spacing_mm):
        _approach(squares, axis, step, mm)
    near: NDArray[np.bool_] = squares <= np.float32(mm * mm * (1 + _ROUNDING))
    return near


def shrink(mask: NDArray[np.bool_], spacing_mm: Sequence[float], mm: float) -> NDArray[np.bool_]:
    """Remove every voxel whose centre lies no farther than ``mm`` from the centre of one outside.

    What lies beyond the edge of the array is not outside: an organ that the scan cuts off keeps
    its cut face. Parameters as of `grow`.
    """
    return ~grow(~mask, spacing_mm, mm)


def _approach(squares: NDArray[np.float32], axis: int, step: float, mm: float) -> None:
    """Lower squared distances, in place, by what is nearer along one axis.

    One axis after the other gives the exact distance in space, as squares add up. Slab by slab,
    as a slab stays in the processor's cache.
    """
    reach = min(int(mm * (1 + _ROUNDING) / step), squares.shape[axis] - 1)
    slabs = np.moveaxis(squares, 1 if axis == 0 else 0, 0)
    for slab in slabs:
        line = slab if axis < 2 else slab.T
        before = line.copy()
        for steps in range(1, reach + 1):
            farther = before + np.float32((steps * step) ** 2)
            np.minimum(line[steps:], farther[:-steps], out=line[steps:])
            np.minimum(line[:-steps], farther[steps:], out=line[:-steps])
