from __future__ import annotations

import numpy as np
import pytest
from grids import geometries, numbered, some, volume_of, voxels_keep_their_place
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.volume import Geometry
from napari_medssl.volume.crop import CropForeground

GRID = Geometry((6, 7, 8), (3.0, 1.0, 1.0), (5.0, 6.0, 7.0))


def with_block(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    array = np.full(GRID.shape, -1000, np.int16)
    array[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = 40
    return array


def test_the_block_is_kept_and_put_back() -> None:
    volume = volume_of(with_block((1, 2, 3), (2, 4, 6)), GRID)
    block, inverse = CropForeground()(volume)
    assert block.geometry.shape == (2, 3, 4)
    assert (block.array == 40).all()
    np.testing.assert_allclose(block.geometry.origin_mm, GRID.to_world((1, 2, 3)))
    back = inverse.labels(np.ones((2, 3, 4), np.uint8))
    np.testing.assert_array_equal(back, volume.array == 40)
    assert inverse.image(np.ones((5, 2, 3, 4))).shape == (5, 6, 7, 8)


def test_a_margin_reaches_no_further_than_the_image() -> None:
    volume = volume_of(with_block((0, 2, 3), (2, 4, 7)), GRID)
    block, _ = CropForeground(margin=2)(volume)
    assert block.geometry.shape == (5, 7, 7)
    np.testing.assert_allclose(block.geometry.origin_mm, GRID.to_world((0, 0, 1)))


def test_a_threshold_chooses_the_foreground() -> None:
    array = with_block((1, 2, 3), (2, 4, 6))
    array[0, 0, 0] = -500
    volume = volume_of(array, GRID)
    assert CropForeground()(volume)[0].geometry.shape == (3, 5, 7)
    assert CropForeground(above=-500)(volume)[0].geometry.shape == (2, 3, 4)


@some
@given(geometries(), st.floats(0, 1), st.integers(0, 2))
def test_voxels_keep_their_place_on_any_grid(
    geometry: Geometry, fraction: float, margin: int
) -> None:
    volume = numbered(geometry)
    above = fraction * volume.array.max()
    block, inverse = CropForeground(above, margin)(volume)
    voxels_keep_their_place(volume, block)
    back = inverse.labels(block.array)
    np.testing.assert_array_equal(back[back > 0], volume.array[back > 0])
    assert ((back > 0) | (volume.array <= above)).all()


@pytest.mark.parametrize("value", [0, np.nan])
def test_an_image_without_foreground_is_left_alone(value: float) -> None:
    volume = volume_of(np.full(GRID.shape, value), GRID)
    block, inverse = CropForeground()(volume)
    assert block is volume
    assert inverse.labels(volume.array) is volume.array


def test_what_is_not_a_number_is_no_foreground() -> None:
    array = with_block((1, 2, 3), (2, 4, 6)).astype(float)
    array[5, 6, 7] = np.inf
    array[0, 0, 0] = np.nan
    block, _ = CropForeground()(volume_of(array, GRID))
    assert block.geometry.shape == (2, 3, 4)


def test_any_colour_is_foreground() -> None:
    array = np.zeros((3, *GRID.shape), np.uint8)
    array[0, 1, 2, 3] = array[2, 3, 2, 3] = 9
    block, _ = CropForeground()(volume_of(array, GRID))
    assert block.array.shape == (3, 3, 1, 1)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="0 or more"):
        CropForeground(margin=-1)
    with pytest.raises(UsageError, match="a finite value"):
        CropForeground(above=float("nan"))
    _, inverse = CropForeground()(volume_of(with_block((1, 2, 3), (2, 4, 6)), GRID))
    with pytest.raises(GeometryError, match="prepared grid"):
        inverse.labels(np.zeros(GRID.shape))
