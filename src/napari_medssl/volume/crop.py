"""Cropping a volume to what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.volume.finite import fill_not_finite
from napari_medssl.volume.geometry import Geometry
from napari_medssl.volume.operation import Inverse, SameGrid, require_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume.geometry import Shape
    from napari_medssl.volume.volume import Volume


@dataclass(frozen=True)
class CropForeground:
    """Keep the smallest block that holds every voxel above a value.

    Parameters
    ----------
    above : float or None
        Foreground is what lies above it; None: above the image's lowest value.
    margin : int
        Voxels kept around the block on every side, as far as the image reaches.

    Raises
    ------
    UsageError
        If ``above`` is not finite or the margin is below zero.
    """

    above: float | None = None
    margin: int = 0

    def __post_init__(self) -> None:
        if self.above is not None and not np.isfinite(self.above):
            raise UsageError(f"a threshold of {self.above}", expected="a finite value")
        if self.margin < 0:
            raise UsageError(f"a margin of {self.margin} voxels", expected="0 or more")

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the block; the whole volume where nothing is foreground."""
        old = volume.geometry
        low, shape = self._block(fill_not_finite(volume).array, old.shape)
        if shape == old.shape:
            return volume, SameGrid(old.shape)
        back = PutBack(low, shape, old.shape)
        x, y, z = (float(v) for v in old.to_world(low))
        block = np.ascontiguousarray(volume.array[..., *back.block])
        return volume.on_grid(
            block, Geometry(shape, old.spacing_mm, (x, y, z), old.direction)
        ), back

    def _block(self, array: NDArray[Any], grid: Shape) -> tuple[Shape, Shape]:
        """First voxel and size of the block that is kept."""
        threshold = array.min() if self.above is None else self.above
        foreground = np.any((array > threshold).reshape(-1, *grid), axis=0)
        low, size = [0, 0, 0], list(grid)
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            where = np.flatnonzero(np.any(foreground, axis=others))
            if where.size:
                low[axis] = max(0, int(where[0]) - self.margin)
                size[axis] = min(grid[axis], int(where[-1]) + 1 + self.margin) - low[axis]
        return (low[0], low[1], low[2]), (size[0], size[1], size[2])


@dataclass(frozen=True)
class PutBack:
    """The inverse of a crop, exact: the block in its place, zeros around it.

    Parameters
    ----------
    low, shape : tuple of int
        First voxel and size of the block that was kept.
    old_shape : tuple of int
        The grid it was cut from.
    """

    low: Shape
    shape: Shape
    old_shape: Shape

    @property
    def block(self) -> tuple[slice, slice, slice]:
        """Where the block lies in the old grid."""
        a, b, c = (slice(at, at + n) for at, n in zip(self.low, self.shape, strict=True))
        return a, b, c

    def labels(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the old grid with the array in the block's place."""
        require_grid(array, self.shape)
        whole = np.zeros((*array.shape[:-3], *self.old_shape), array.dtype)
        whole[..., *self.block] = array
        return whole

    image = labels
