from __future__ import annotations

import numpy as np
import pytest
from grids import CODES, geometries, numbered, some, volume_of, voxels_keep_their_place
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.volume import Geometry, axes_towards
from napari_medssl.volume.orient import Orient

START = Geometry((3, 4, 5), (3.0, 2.0, 1.0), (7.0, -5.0, 100.0))


@pytest.mark.parametrize("stored", ["SPL", "RAS", "LIA", "ARI"])
@pytest.mark.parametrize("codes", CODES)
def test_every_code_from_every_file(codes: str, stored: str) -> None:
    volume = numbered(axes_towards(START, stored).apply_geometry(START))
    turned, inverse = Orient(codes)(volume)
    assert turned.geometry.axis_codes == codes
    voxels_keep_their_place(volume, turned)
    np.testing.assert_array_equal(inverse.labels(turned.array), volume.array)
    np.testing.assert_array_equal(turned.to_source(turned.array), volume.to_source(volume.array))
    assert turned.source.geometry is volume.source.geometry
    assert turned.as_stored().source.geometry.axis_codes == codes


@some
@given(geometries(), st.sampled_from(CODES))
def test_oblique_and_sheared_grids(geometry: Geometry, codes: str) -> None:
    volume = numbered(geometry)
    turned, inverse = Orient(codes)(volume)
    voxels_keep_their_place(volume, turned)
    np.testing.assert_array_equal(inverse.labels(turned.array), volume.array)
    again, _ = Orient(codes)(turned)
    assert again.geometry.matches(turned.geometry)


@some
@given(geometries())
def test_stored_is_the_order_of_the_file(geometry: Geometry) -> None:
    volume = numbered(geometry)
    turned, _ = Orient("stored")(volume)
    np.testing.assert_array_equal(turned.array, volume.to_source(volume.array))
    assert turned.geometry.matches(geometry)
    assert turned.source.header == b"raw"


@some
@given(geometries(), st.permutations("ijk"))
def test_stored_axes_come_in_any_order(geometry: Geometry, codes: list[str]) -> None:
    volume = numbered(geometry)
    turned, inverse = Orient("".join(codes))(volume)
    order = ["ijk".index(code) for code in codes]
    np.testing.assert_array_equal(turned.array, volume.to_source(volume.array).transpose(order))
    np.testing.assert_array_equal(inverse.labels(turned.array), volume.array)


def test_colour_and_probabilities_keep_their_channels() -> None:
    array = np.arange(180, dtype=np.uint8).reshape(3, 3, 4, 5)
    volume = volume_of(array, START)
    turned, inverse = Orient("RAS")(volume)
    assert turned.array.shape == (3, 5, 4, 3)
    np.testing.assert_array_equal(inverse.image(turned.array), volume.array)


def test_torch_could_take_the_array() -> None:
    turned, inverse = Orient("LAI")(numbered(START))
    assert turned.array.flags.c_contiguous
    assert inverse.labels(turned.array).flags.c_contiguous


@pytest.mark.parametrize("codes", ["", "RAL", "as stored"])
def test_other_codes_are_refused(codes: str) -> None:
    with pytest.raises(UsageError, match="such as RAS"):
        Orient(codes)


def test_an_array_of_another_grid_is_refused() -> None:
    _, inverse = Orient("RAS")(numbered(START))
    with pytest.raises(GeometryError, match="prepared grid"):
        inverse.labels(np.zeros((3, 4, 5)))
