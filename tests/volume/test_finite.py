from __future__ import annotations

import numpy as np
from grids import volume_of

from napari_medssl.volume import Geometry
from napari_medssl.volume.finite import fill_not_finite

GRID = Geometry((1, 2, 3))


def test_they_get_the_lowest_value_with_a_notice() -> None:
    array = np.array([[[np.nan, -4, 3], [np.inf, -np.inf, 0]]], np.float32)
    filled = fill_not_finite(volume_of(array, GRID, units="HU"))
    np.testing.assert_array_equal(filled.array, [[[-4, -4, 3], [-4, -4, 0]]])
    assert filled.array.dtype == np.float32
    assert filled.units == "HU"
    assert filled.notices[0].code == "not-finite"
    assert "no finite number: 3; they were given the lowest, -4" in filled.notices[0].text


def test_an_image_without_any_number_becomes_zeros() -> None:
    filled = fill_not_finite(volume_of(np.full((1, 2, 3), np.nan), GRID))
    np.testing.assert_array_equal(filled.array, 0)


def test_an_image_of_numbers_is_left_alone() -> None:
    for kind in (np.int16, np.float32):
        volume = volume_of(np.ones((1, 2, 3), kind), GRID)
        assert fill_not_finite(volume) is volume
