"""Positions of slices to one regular grid, with numbers alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_medssl.errors import GeometryError
from napari_medssl.io.dicom.geometry import SliceGrid, along_normal, fit_grid, normal_of, places

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def _grid(depths: list[float], shear: float = 0.0) -> SliceGrid:
    positions = [(1.0, 2.0 + shear * z, z) for z in depths]
    return fit_grid(positions, AXIAL, thickness_mm=3.0, pixel_mm=0.5)


def test_normal_follows_the_right_hand() -> None:
    assert normal_of(AXIAL).tolist() == [0, 0, 1]
    assert normal_of(CORONAL).tolist() == [0, 1, 0]


def test_places_number_distinct_depths_from_the_lowest() -> None:
    depth = along_normal([(0, 0, 5), (9, 9, 1), (0, 0, 5.004), (0, 0, 3)], AXIAL)
    assert places(depth).tolist() == [2, 0, 2, 1]


def test_one_slice_steps_by_its_thickness() -> None:
    grid = _grid([7.0])
    assert grid.step_mm == (0.0, 0.0, 3.0)
    assert grid.below == (0,)


def test_even_slices_are_taken_as_they_are() -> None:
    grid = _grid([0, 2.5, 5, 7.5])
    assert grid.spread == "even"
    assert grid.step_mm == pytest.approx((0, 0, 2.5))
    assert grid.made_up == ()
    assert grid.below == (0, 1, 2, 3)


def test_missing_slices_leave_the_others_untouched() -> None:
    grid = _grid([0, 2, 4, 8, 10, 16])
    assert grid.spread == "missing"
    assert grid.made_up == (3, 6, 7)
    assert grid.below == (0, 1, 2, 2, 3, 4, 4, 4, 5)
    assert grid.fraction == pytest.approx((0, 0, 0, 0.5, 0, 0, 1 / 3, 2 / 3, 0))


def test_two_blocks_of_different_spacing_share_the_finer_grid() -> None:
    grid = _grid([0, 2.5, 5, 7.5, 10, 15, 20, 25])
    assert grid.spread == "missing"
    assert len(grid.below) == 11


def test_uneven_slices_are_spread_anew_between_the_same_ends() -> None:
    grid = _grid([0, 2, 4.3, 7.2, 9.7])
    assert grid.spread == "uneven"
    assert grid.gaps_mm == pytest.approx((2.0, 2.9))
    assert grid.step_mm[2] * (len(grid.below) - 1) == pytest.approx(9.7)


@pytest.mark.parametrize("depths", [[0, 1, 2, 13.37], [0, 1, 2, 3, 4, 90], [0, 1, 1.02, 7]])
def test_wild_slices_are_refused(depths: list[float]) -> None:
    with pytest.raises(GeometryError, match="mm apart"):
        _grid(depths)


@pytest.mark.parametrize("degrees", [-20, -14, 0.05, 5, 20])
def test_tilt_is_measured(degrees: float) -> None:
    grid = _grid([0, 2, 4, 6], shear=float(np.tan(np.radians(degrees))))
    assert grid.tilt_deg == pytest.approx(abs(degrees) if abs(degrees) >= 0.1 else 0, abs=1e-6)
    assert grid.step_mm == pytest.approx((0, 2 * np.tan(np.radians(degrees)), 2))


def test_sideways_shifts_are_allowed_up_to_half_a_pixel() -> None:
    positions = [(0, 0, 0), (0.2, 0, 2), (0, 0, 4)]
    assert fit_grid(positions, AXIAL, thickness_mm=1, pixel_mm=0.5).spread == "even"
    with pytest.raises(GeometryError, match="sideways"):
        fit_grid(positions, AXIAL, thickness_mm=1, pixel_mm=0.3)


@settings(max_examples=60, deadline=None)
@given(
    step=st.floats(0.3, 10),
    kept=st.lists(st.booleans(), min_size=4, max_size=40).filter(lambda k: sum(k) >= 3),
)
def test_any_regular_series_with_few_holes_gets_its_own_grid(step: float, kept: list[bool]) -> None:
    kept[0] = kept[-1] = kept[1] = True
    held = [n for n, keep in enumerate(kept) if keep]
    if len(kept) > 2 * len(held):
        return
    grid = _grid([step * n for n in held])
    assert len(grid.below) == len(kept)
    assert [n for n in range(len(kept)) if n not in grid.made_up] == held
    depth = np.array(held, float)
    fraction = np.array(grid.fraction)
    below = np.array(grid.below)
    above = np.minimum(below + 1, len(held) - 1)
    mixed = depth[below] * (1 - fraction) + depth[above] * fraction
    np.testing.assert_allclose(mixed, np.arange(len(kept)), atol=1e-6)
