from __future__ import annotations

import numpy as np
import pytest
from grids import CODES, MAPS, geometries, numbered, some
from hypothesis import given

from napari_medssl.errors import UsageError
from napari_medssl.volume import AxisMap, Geometry, axes_towards, canonical_axes

CUBOID = np.arange(2 * 3 * 4).reshape(2, 3, 4)


def test_there_are_48() -> None:
    assert len(set(CODES)) == len(set(MAPS)) == 48


@pytest.mark.parametrize("axes", MAPS, ids=str)
def test_inverse_undoes_a_map(axes: AxisMap) -> None:
    np.testing.assert_array_equal(axes.inverse.apply(axes.apply(CUBOID)), CUBOID)
    assert axes.then(axes.inverse) == AxisMap()
    assert axes.inverse.then(axes) == AxisMap()


@pytest.mark.parametrize("axes", MAPS, ids=str)
def test_index_follows_the_voxel(axes: AxisMap) -> None:
    moved = axes.apply(CUBOID)
    for source in np.ndindex(CUBOID.shape):
        index = tuple(int(n) for n in axes.index(source, CUBOID.shape))
        assert moved[index] == CUBOID[source]


@pytest.mark.parametrize("first", MAPS, ids=str)
def test_then_is_one_after_the_other(first: AxisMap) -> None:
    for second in MAPS:
        both = first.then(second).apply(CUBOID)
        np.testing.assert_array_equal(both, second.apply(first.apply(CUBOID)))


def test_leading_axes_stay() -> None:
    colour = np.arange(3 * 24).reshape(3, 2, 3, 4)
    axes = AxisMap((2, 0, 1), (True, False, True))
    np.testing.assert_array_equal(axes.apply(colour)[1], axes.apply(colour[1]))


@pytest.mark.parametrize("codes", CODES)
def test_axes_point_where_they_are_told(codes: str) -> None:
    geometry = Geometry((2, 3, 4), (5.0, 2.0, 1.0))
    assert axes_towards(geometry, codes).apply_geometry(geometry).axis_codes == codes
    assert axes_towards(geometry, codes.lower()) == axes_towards(geometry, codes)


@some
@given(geometries())
def test_geometry_follows_the_voxels(geometry: Geometry) -> None:
    stored = np.arange(np.prod(geometry.shape)).reshape(geometry.shape)
    axes = canonical_axes(geometry)
    turned = axes.apply_geometry(geometry)
    values = axes.apply(stored)
    assert turned.shape == values.shape
    for index in np.ndindex(values.shape):
        before = np.argwhere(stored == values[index])[0]
        np.testing.assert_allclose(turned.to_world(index), geometry.to_world(before), atol=1e-6)


def test_canonical_volume_is_spl() -> None:
    volume = numbered(axes_towards(Geometry((2, 3, 4)), "LIA").apply_geometry(Geometry((2, 3, 4))))
    assert volume.source.geometry.axis_codes == "LIA"
    assert volume.geometry.axis_codes == "SPL"


@pytest.mark.parametrize("codes", ["", "RA", "RAX", "RAL", "RASS", "RRS"])
def test_codes_that_are_none_are_refused(codes: str) -> None:
    with pytest.raises(UsageError, match="one letter of each pair"):
        axes_towards(Geometry((2, 2, 2)), codes)
