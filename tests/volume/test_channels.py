from __future__ import annotations

import numpy as np
import pytest
from grids import volume_of

from napari_medssl.errors import UsageError
from napari_medssl.volume import Geometry
from napari_medssl.volume.channels import Channels

GRID = Geometry((1, 4, 5))
GREY = np.arange(20, dtype=np.uint8).reshape(1, 4, 5)


def test_grey_is_repeated_and_comes_back() -> None:
    colour, inverse = Channels(3)(volume_of(GREY, GRID, units="x"))
    assert colour.array.shape == (3, 1, 4, 5)
    assert (colour.array == GREY).all()
    assert colour.units == "x"
    assert inverse.labels(GREY).shape == GRID.shape
    grey, _ = Channels(1)(colour)
    np.testing.assert_array_equal(grey.array, GREY)
    assert grey.array.dtype == np.uint8


def test_green_looks_brightest() -> None:
    pure = np.zeros((3, 1, 4, 5), np.uint8)
    for channel, expected in enumerate((76, 150, 29)):
        array = pure.copy()
        array[channel] = 255
        assert (Channels(1)(volume_of(array, GRID))[0].array == expected).all()


def test_what_fits_is_left_alone() -> None:
    colour = np.zeros((3, 1, 4, 5), np.float32)
    assert Channels(3)(volume_of(colour, GRID))[0].array.shape == colour.shape
    assert Channels(1)(volume_of(GREY, GRID))[0].array.shape == GREY.shape


def test_other_counts_are_refused() -> None:
    with pytest.raises(UsageError, match="1 or 3"):
        Channels(2)
