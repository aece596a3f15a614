from __future__ import annotations

import numpy as np
import pytest
from grids import geometries, numbered, some
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import UsageError
from napari_medssl.volume import Geometry
from napari_medssl.volume.operation import SameGrid
from napari_medssl.volume.regrid import regrid


@some
@given(geometries(), st.tuples(*[st.integers(1, 9)] * 3), st.tuples(*[st.floats(0.3, 6)] * 3))
def test_grids_share_their_middle_and_their_axes(
    geometry: Geometry, shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    volume = numbered(geometry)
    after, _ = regrid(volume, shape, spacing, "nearest")
    new, old = after.geometry, volume.geometry
    np.testing.assert_allclose(
        new.to_world((np.array(new.shape) - 1) / 2),
        old.to_world((np.array(old.shape) - 1) / 2),
        atol=1e-6,
    )
    assert new.direction == old.direction
    assert (new.shape, new.spacing_mm) == (shape, spacing)
    stored = after.source.axes.apply_geometry(after.source.geometry)
    assert stored.matches(new, tolerance_mm=1e-6)


def test_the_same_grid_is_left_alone() -> None:
    volume = numbered(Geometry((3, 4, 5), (0.8, 0.8, 0.8)))
    same, inverse = regrid(volume, (3, 4, 5), (0.8 + 1e-9, 0.8, 0.8), "linear")
    assert same is volume
    assert inverse == SameGrid((3, 4, 5))


def test_grids_beyond_reason_are_refused() -> None:
    with pytest.raises(UsageError, match="Choose a larger spacing"):
        regrid(numbered(Geometry((3, 4, 5))), (3000, 3000, 3000), (0.1, 0.1, 0.1), "linear")


def test_nearest_keeps_what_is_not_a_number() -> None:
    volume = numbered(Geometry((2, 2, 2)))
    volume = volume.with_values(np.where(volume.array == 3, np.nan, volume.array))
    after, _ = regrid(volume, (4, 4, 4), (0.5, 0.5, 0.5), "nearest")
    assert np.isnan(after.array).sum() == 8
    assert np.nanmax(after.array) == 8
