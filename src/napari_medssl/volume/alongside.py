"""A second scan of a patient beside the first: do they overlap, and cut along the same planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.volume.geometry import Geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume.volume import Volume

_SAME_DIRECTION = 1e-3
_MOST_VOXELS = 2**29
_SAMPLES = 24  # points along an axis at which the overlap is looked at


def require_overlap(first: Volume, second: Volume) -> float:
    """Return which part of the smaller grid lies in the larger one, 0 to 1.

    Raises
    ------
    UsageError
        If one of the two has no known place in the patient.
    GeometryError
        If no part does.
    """
    for volume in (first, second):
        if volume.stack == "time" or not (volume.spacing_known and volume.orientation_known):
            raise UsageError(
                f"'{volume.source.name}' does not say where it lies in the patient",
                expected="two scans with known spacing and orientation",
            )
    a, b = first.geometry, second.geometry
    share = max(_part_inside(a, b), _part_inside(b, a))
    if share == 0:
        apart = float(np.linalg.norm(_middle(a) - _middle(b)))
        raise GeometryError(
            f"'{second.source.name}' lies nowhere over '{first.source.name}': their middles are "
            f"{apart:.0f} mm apart",
            expected="two scans of the same part of one patient",
            do="Choose another series of this patient, or register the two first",
        )
    return share


def cut_alike(volume: Volume, base: Geometry) -> Volume:
    """Return a volume whose axes run along those of another grid; itself where they do already.

    Elsewhere it is resampled linearly on voxels of about its own size, which cover all of it; what
    lies beyond its own voxels is not a number.

    Raises
    ------
    UsageError
        If it would take more than half a thousand million voxels.
    """
    own = volume.geometry
    if np.allclose(own.direction, base.direction, atol=_SAME_DIRECTION):
        return volume
    grid = _covering(own, base)
    if np.prod(grid.shape, dtype=float) > _MOST_VOXELS or volume.is_rgb:
        raise UsageError(
            f"'{volume.source.name}' is turned against the scan below it, and too large or in "
            "colours",
            expected=f"a grey scan of at most {_MOST_VOXELS:,} voxels",
        )
    from scipy import ndimage

    across = np.linalg.inv(own.affine) @ grid.affine
    array = ndimage.affine_transform(
        volume.array,
        across[:3, :3],
        across[:3, 3],
        grid.shape,
        output=np.float32,
        order=1,
        mode="constant",
        cval=np.nan,
    )
    return volume.on_grid(array, grid)


def _covering(own: Geometry, base: Geometry) -> Geometry:
    """The smallest grid along another's axes that covers this one, of about its voxels."""
    way = np.linalg.inv(np.asarray(base.direction))  # from world to mm along the axes
    steps = way @ np.asarray(own.direction)
    nearest = np.abs(steps).argmax(axis=1)
    spacing = np.asarray(own.spacing_mm)[nearest]
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in own.shape])).reshape(3, -1).T
    at = own.to_world(corners) @ way.T
    low, high = at.min(axis=0), at.max(axis=0)
    z, y, x = (int(n) for n in np.ceil((high - low) / spacing - 1e-6) + 1)
    origin = np.asarray(base.direction) @ low
    return Geometry((z, y, x), tuple(spacing.tolist()), tuple(origin.tolist()), base.direction)


def _part_inside(inner: Geometry, outer: Geometry) -> float:
    points = outer.to_index(inner.to_world(_lattice(inner)))
    inside = ((points > -0.5) & (points < np.asarray(outer.shape) - 0.5)).all(axis=-1)
    return float(inside.mean())


def _lattice(geometry: Geometry) -> NDArray[np.float64]:
    along = [np.linspace(0, n - 1, min(n, _SAMPLES)) for n in geometry.shape]
    return np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, 3)


def _middle(geometry: Geometry) -> NDArray[np.float64]:
    return geometry.to_world((np.asarray(geometry.shape) - 1) / 2)
