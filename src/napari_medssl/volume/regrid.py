"""From one grid to another with the same middle and the same axes, but other voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.volume.finite import fill_not_finite
from napari_medssl.volume.geometry import Geometry
from napari_medssl.volume.interpolate import as_type_of, sample
from napari_medssl.volume.operation import Inverse, SameGrid, require_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume.geometry import Shape, Triple
    from napari_medssl.volume.interpolate import Interpolation
    from napari_medssl.volume.volume import Volume

_MOST_VOXELS = 2**31
_SAME = 1e-6


def regrid(
    volume: Volume, shape: Shape, spacing_mm: Triple, interpolation: Interpolation
) -> tuple[Volume, Inverse]:
    """Sample a volume on a grid of ``shape`` voxels of ``spacing_mm`` about the same middle.

    About the middle, and not from voxel (0, 0, 0), so that the result does not depend on the
    direction in which a file happens to store its voxels.

    Raises
    ------
    UsageError
        If the new grid has more than two thousand million voxels.
    """
    old = volume.geometry
    if shape == old.shape and np.allclose(spacing_mm, old.spacing_mm, rtol=_SAME, atol=0):
        return volume, SameGrid(old.shape)
    if np.prod(shape, dtype=float) > _MOST_VOXELS:
        raise UsageError(
            f"a grid of {' x '.join(f'{n:,}' for n in shape)} voxels",
            expected=f"at most {_MOST_VOXELS:,} voxels",
            do="Choose a larger spacing",
        )
    new = _about_the_same_middle(old, shape, spacing_mm)
    if interpolation == "nearest":
        array = sample(volume.array, _positions(old, new), interpolation)
    else:
        volume = fill_not_finite(volume)
        values = sample(volume.array, _positions(old, new), interpolation)
        array = as_type_of(values, volume.array)
    return volume.on_grid(array, new), SampledBack(old, new)


@dataclass(frozen=True)
class SampledBack:
    """The inverse of a resampling: labels by the nearest voxel, numbers linearly.

    Parameters
    ----------
    old, new : Geometry
        The grids before and after; they share their middle and their axes.
    """

    old: Geometry
    new: Geometry

    def labels(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return on the old grid the label of the nearest voxel of the new one."""
        require_grid(array, self.new.shape)
        return sample(array, _positions(self.new, self.old), "nearest")

    def image(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return on the old grid numbers interpolated linearly, in floating point."""
        require_grid(array, self.new.shape)
        return sample(array, _positions(self.new, self.old), "linear")


def _about_the_same_middle(old: Geometry, shape: Shape, spacing_mm: Triple) -> Geometry:
    middle = old.to_world((np.asarray(old.shape) - 1) / 2)
    reach = np.asarray(old.direction) @ (np.asarray(spacing_mm) * (np.asarray(shape) - 1) / 2)
    x, y, z = (float(v) for v in middle - reach)
    return Geometry(shape, spacing_mm, (x, y, z), old.direction)


def _positions(start: Geometry, end: Geometry) -> list[NDArray[np.float64] | None]:
    """Where the voxels of ``end`` lie along each axis of ``start``; None where they agree."""
    positions: list[NDArray[np.float64] | None] = []
    for n, m, s, t in zip(start.shape, end.shape, start.spacing_mm, end.spacing_mm, strict=True):
        at = (np.arange(m, dtype=np.float64) - (m - 1) / 2) * (t / s) + (n - 1) / 2
        same = m == n and np.isclose(s, t, rtol=_SAME, atol=0)
        positions.append(None if same else at)
    return positions
