"""Which voxels a picture of a plane shows, on the image's own grid and on that of another layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.volume.interpolate import sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: (sliced axis, axis down the picture, axis across it)
Order = tuple[int, int, int]
_HALF_VOXEL = 0.5
_TURNED = 1e-6


@dataclass(frozen=True)
class Cut:
    """Which voxels of the bottom image a picture shows: a slice, upright, perhaps every second.

    Parameters
    ----------
    shape : tuple of int
        Of the bottom image, (z, y, x).
    order : tuple of int
        Sliced axis, axis down the picture, and a later one across it; z runs upwards.
    index : int
        Of the slice.
    step : tuple of int
        Every how many voxels down and across, at least 1.
    """

    shape: tuple[int, int, int]
    order: Order
    index: int
    step: tuple[int, int] = (1, 1)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        _, down, across = self.order
        return -(-self.shape[down] // self.step[0]), -(-self.shape[across] // self.step[1])

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the slice of an array on the bottom image's grid; colours stay last."""
        _, down, across = self.order
        at: list[int | slice] = [self.index] * 3
        at[down], at[across] = slice(None, None, self.step[0]), slice(None, None, self.step[1])
        plane = array[tuple(at)]
        return plane[::-1] if down == 0 else plane

    def along(self) -> list[NDArray[np.float64]]:
        """Indices of the same voxels along each axis (z, y, x), in the picture's order."""
        sliced, down, across = self.order
        rows, columns = (
            np.arange(0, self.shape[axis], step, dtype=float)
            for axis, step in zip((down, across), self.step, strict=True)
        )
        along = [columns] * 3
        along[sliced] = np.array([float(self.index)])
        along[down] = rows[::-1] if down == 0 else rows
        return along


def sample_cut(
    array: NDArray[Any], cut: Cut, from_base: NDArray[np.float64], *, between: bool
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Sample an array on a grid of its own where the voxels of a cut are.

    Parameters
    ----------
    array : (z, y, x) array
        Voxels; (z, y, x, 3) only without ``between``.
    cut : Cut
        Of the bottom image.
    from_base : (4, 4) array
        From indices of the bottom image to those of the array.
    between : bool
        Whether values are interpolated linearly; else they are those of the nearest voxel.

    Returns
    -------
    (rows, columns) array, (rows, columns) bool array
        Values, and where the cut lies outside of the array.
    """
    matrix = from_base[:3, :3]
    turned = np.abs(matrix - np.diag(np.diag(matrix))).max() > _TURNED
    along = cut.along()
    if turned:
        at = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1) @ matrix.T + from_base[:3, 3]
        values, outside = _anywhere(array, at, between=between)
    else:
        ways = zip(along, np.diag(matrix), from_base[:3, 3], strict=True)
        values, outside = _in_rows(array, [a * s + b for a, s, b in ways], between=between)
    if between:
        outside |= np.isnan(values)  # a scan that was turned to be shown has such corners
    return values.squeeze(axis=cut.order[0]), outside.squeeze(axis=cut.order[0])


def _in_rows(
    array: NDArray[Any], places: Sequence[NDArray[np.float64]], *, between: bool
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Sample at the grid that places along each axis span: the usual case, and a quick one."""
    sizes = array.shape[:3]
    beyond = [
        (at < -_HALF_VOXEL) | (at > n - _HALF_VOXEL) for at, n in zip(places, sizes, strict=True)
    ]
    outside = beyond[0][:, None, None] | beyond[1][:, None] | beyond[2]
    inside = [np.clip(at, 0, n - 1) for at, n in zip(places, sizes, strict=True)]
    if not between:
        return array[
            np.ix_(*(np.floor(at + _HALF_VOXEL).astype(np.intp) for at in inside))
        ], outside
    # only what lies about the cut: `sample` makes numbers of all that it is given
    first = [int(at.min()) for at in inside]
    part = tuple(slice(a, int(np.ceil(at.max())) + 1) for a, at in zip(first, inside, strict=True))
    shifted = [at - a for a, at in zip(first, inside, strict=True)]
    return sample(array[part], shifted, "linear"), outside


def _anywhere(
    array: NDArray[Any], at: NDArray[np.float64], *, between: bool
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Sample at (..., 3) indices."""
    last = np.asarray(array.shape[:3]) - 1
    beyond = (at < -_HALF_VOXEL) | (at > last + _HALF_VOXEL)
    outside = np.asarray(beyond.any(axis=-1))
    places = np.moveaxis(np.clip(at, 0, last), -1, 0)
    if not between:
        z, y, x = np.floor(places + _HALF_VOXEL).astype(np.intp)
        return array[z, y, x], outside
    from scipy import ndimage

    values: NDArray[np.float32] = ndimage.map_coordinates(array, places, np.float32, order=1)
    return values, outside
