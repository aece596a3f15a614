"""Random grids and images for the tests of this folder."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from napari_medssl.volume import AxisMap, Geometry, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: the same examples in every run
some = settings(max_examples=40, deadline=None, derandomize=True, database=None)

CODES = tuple(
    "".join(letters) for pairs in permutations(("RL", "AP", "SI")) for letters in product(*pairs)
)
MAPS = tuple(
    AxisMap(order, flipped)
    for order in permutations(range(3))
    for flipped in product((False, True), repeat=3)
)


@st.composite
def geometries(
    draw: st.DrawFn, least: int = 1, most: int = 8, most_tilt_deg: float = 180.0, shear: float = 0.3
) -> Geometry:
    """Oblique, anisotropic, sheared grids whose axes run in any order and direction."""
    shape = [draw(st.integers(least, most)) for _ in range(3)]
    spacing = [draw(st.floats(0.3, 6)) for _ in range(3)]
    tilt = [draw(st.floats(-1, 1)) * most_tilt_deg / 2 for _ in range(3)]
    origin = [draw(st.floats(-400, 400)) for _ in range(3)]
    matrix = Rotation.from_euler("xyz", tilt, degrees=True).as_matrix()
    leaning = np.eye(3)
    leaning[0, 1] = draw(st.floats(-shear, shear))
    affine = np.eye(4)
    turned = draw(st.sampled_from(MAPS)).apply_geometry(Geometry((2, 2, 2)))
    affine[:3, :3] = matrix @ leaning @ np.asarray(turned.direction) * spacing
    affine[:3, 3] = origin
    return Geometry.from_affine(shape, affine)


def volume_of(array: NDArray[Any], geometry: Geometry, **rest: Any) -> Volume:
    """A volume read from a file that stores ``array`` in this order."""
    file: dict[str, Any] = {
        "name": "scan.nii",
        "path": Path("scan.nii"),
        "format": "nifti",
        "header": b"raw",
    }
    return Volume.from_source_array(array, geometry, **file, **rest)


def numbered(geometry: Geometry) -> Volume:
    """Every stored voxel holds its own number, from 1."""
    count = np.prod(geometry.shape)
    return volume_of(np.arange(1, count + 1, dtype=np.int32).reshape(geometry.shape), geometry)


def ramp(geometry: Geometry) -> Volume:
    """Every voxel holds a linear function of where it is in the patient."""
    return volume_of(ramp_at(voxel_positions(geometry)), geometry)


def ramp_at(world: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of `ramp` at world positions (..., 3)."""
    values: NDArray[np.float64] = world @ np.array([1.0, -0.7, 0.4]) + 20
    return values


def voxel_positions(geometry: Geometry) -> NDArray[np.float64]:
    """World position (a0, a1, a2, 3) of every voxel."""
    return geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))


def voxels_keep_their_place(before: Volume, after: Volume) -> None:
    """Check that voxels of `numbered` are where they were, and that their file would agree."""
    where = dict(
        zip(before.array.ravel(), voxel_positions(before.geometry).reshape(-1, 3), strict=True)
    )
    inside = after.array > 0
    expected = np.array([where[value] for value in after.array[inside]])
    np.testing.assert_allclose(voxel_positions(after.geometry)[inside], expected, atol=1e-6)
    stored = after.source.geometry
    assert after.source.axes.apply_geometry(stored).matches(after.geometry, tolerance_mm=1e-6)
    assert after.to_source(after.array).shape == stored.shape
