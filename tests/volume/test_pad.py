from __future__ import annotations

import numpy as np
import pytest
from grids import geometries, numbered, some, volume_of, voxels_keep_their_place
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.volume import Geometry
from napari_medssl.volume.pad import Pad, PadTo

GRID = Geometry((3, 4, 5), (3.0, 1.0, 1.0), (5.0, 6.0, 7.0))


def test_pad_reaches_the_next_multiple() -> None:
    after, _ = Pad((2, 4, 32))(numbered(GRID))
    assert after.geometry.shape == (4, 4, 32)
    np.testing.assert_allclose(after.geometry.origin_mm, GRID.to_world((0, 0, -13)))


def test_pad_to_leaves_larger_axes_alone() -> None:
    after, _ = PadTo((8, 1, 6))(numbered(GRID))
    assert after.geometry.shape == (8, 4, 6)
    np.testing.assert_allclose(after.geometry.origin_mm, GRID.to_world((-2, 0, 0)))


@some
@given(geometries(), st.sampled_from([Pad, PadTo]), st.tuples(*[st.integers(1, 12)] * 3))
def test_voxels_keep_their_place_on_any_grid(
    geometry: Geometry, kind: type[Pad | PadTo], numbers: tuple[int, int, int]
) -> None:
    volume = numbered(geometry)
    after, inverse = kind(numbers, value=0)(volume)
    voxels_keep_their_place(volume, after)
    assert (after.array > 0).sum() == volume.array.size
    np.testing.assert_array_equal(inverse.labels(after.array), volume.array)
    several = np.stack([after.array, after.array])
    np.testing.assert_array_equal(inverse.image(several)[1], volume.array)


def test_new_voxels_are_air_or_what_is_asked() -> None:
    array = np.arange(-1000, -940, dtype=np.int16).reshape(GRID.shape)
    volume = volume_of(array, GRID)
    assert PadTo((5, 4, 5))(volume)[0].array[0, 0, 0] == -1000
    padded = PadTo((5, 4, 5), value=7)(volume)[0].array
    assert padded[0, 0, 0] == 7
    assert padded.dtype == np.int16
    nothing = volume_of(np.full(GRID.shape, np.nan), GRID)
    assert PadTo((5, 4, 5))(nothing)[0].array[0, 0, 0] == 0


def test_colour_is_padded_in_space_only() -> None:
    volume = volume_of(np.ones((3, *GRID.shape), np.uint8), GRID)
    assert Pad((4, 4, 4))(volume)[0].array.shape == (3, 4, 4, 8)


def test_a_grid_that_fits_is_left_alone() -> None:
    volume = numbered(GRID)
    assert Pad((3, 2, 5))(volume)[0] is volume
    assert PadTo((1, 1, 1))(volume)[0] is volume


def test_what_makes_no_sense_is_refused() -> None:
    for kind in (Pad, PadTo):
        for numbers in ((0, 1, 1), (4, 4)):
            with pytest.raises(UsageError, match="three whole numbers"):
                kind(numbers)  # type: ignore[arg-type]
    _, inverse = PadTo((8, 8, 8))(numbered(GRID))
    with pytest.raises(GeometryError, match="prepared grid"):
        inverse.labels(np.zeros(GRID.shape))
