"""How far apart the surfaces of two masks lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import KDTree

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class SurfaceDistances:
    """How far each surface voxel of one mask lies from the other's surface.

    Where one mask is empty all distances of the other are infinite; where both are, there are
    none. So the figures are inf and nan, as MONAI's are (but for its percentiles of infinities,
    which are nan).

    Parameters
    ----------
    from_predicted, from_reference : (n,) arrays
        In the units of the steps.
    """

    from_predicted: NDArray[np.float64]
    from_reference: NDArray[np.float64]

    def hausdorff(self, percentile: float = 95) -> float:
        """Return the larger of both sides' percentiles; 100 is the Hausdorff distance itself.

        The definition of MONAI's ``compute_hausdorff_distance`` and of nnU-Net.
        """
        sides = (self.from_predicted, self.from_reference)
        return max((_percentile(side, percentile) for side in sides if side.size), default=np.nan)

    def mean(self) -> float:
        """Return the mean over the voxels of both surfaces: average symmetric surface distance."""
        every = np.concatenate([self.from_predicted, self.from_reference])
        return float(every.mean()) if every.size else float("nan")


def surface_distances(
    predicted: NDArray[Any], reference: NDArray[Any], steps: ArrayLike
) -> SurfaceDistances:
    """Measure from each voxel of either surface to the nearest of the other.

    A voxel is of the surface when a neighbour across one of its faces is outside the mask, or
    beyond the edge of the image.

    Parameters
    ----------
    predicted, reference : arrays of one shape, 2-D or 3-D
        Voxels other than 0 are inside.
    steps : (n,) or (n, m) array
        Voxel size along each axis in mm; or, for axes that are not at right angles, the vector
        in mm from a voxel to its neighbour along each axis, as rows.

    Raises
    ------
    GeometryError
        If the shapes differ, or there is no step for each axis.
    """
    steps = np.asarray(steps, float)
    if predicted.shape != reference.shape or len(steps) != predicted.ndim:
        raise GeometryError(
            f"masks of {predicted.shape} and {reference.shape} voxels with {len(steps)} steps",
            expected="one shape, and a step for each axis",
        )
    box = _box(predicted, reference)
    ours, theirs = (surface_of(mask[box]) for mask in (predicted, reference))
    return SurfaceDistances(_nearest(ours, theirs, steps), _nearest(theirs, ours, steps))


def surface_of(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a mask's voxels of which a neighbour across a face is not inside it."""
    inside = mask != 0
    core = inside.copy()
    for axis in range(mask.ndim):
        # a view whose first axis is this one, so that neighbours are one step apart
        here, there = np.moveaxis(core, axis, 0), np.moveaxis(inside, axis, 0)
        here[1:] &= there[:-1]
        here[:-1] &= there[1:]
        here[:1] = here[-1:] = False
    surface: NDArray[np.bool_] = inside & ~core
    return surface


def _box(*masks: NDArray[Any]) -> tuple[slice, ...]:
    """Return the smallest box around all masks: outside it there is nothing to measure."""
    either = np.logical_or.reduce([mask != 0 for mask in masks])
    box = []
    for axis in range(either.ndim):
        found = np.flatnonzero(either.any(axis=tuple(a for a in range(either.ndim) if a != axis)))
        box.append(slice(found[0], found[-1] + 1) if found.size else slice(0, 0))
    return tuple(box)


def _nearest(
    ours: NDArray[np.bool_], theirs: NDArray[np.bool_], steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of each voxel of ``ours``, in the array's order."""
    at = np.argwhere(ours)
    if not theirs.any():
        return np.full(len(at), np.inf)
    distances = np.zeros(len(at))
    apart = ~theirs[ours]  # where both surfaces run through one voxel there is no distance
    if apart.any():
        tree = KDTree(_placed(np.argwhere(theirs), steps), leafsize=32)
        distances[apart] = tree.query(_placed(at[apart], steps))[0]
    return distances


def _placed(index: NDArray[np.int_], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    return index * steps if steps.ndim == 1 else index @ steps


def _percentile(distances: NDArray[np.float64], percentile: float) -> float:
    if np.isinf(distances).any():  # all of them; and between two infinities nothing can be weighed
        return float("inf")
    return float(np.percentile(distances, percentile))
