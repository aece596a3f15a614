from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.segment.growing.shapes import around, between, depth_mm, touching


def square(low: int, high: int) -> np.ndarray:
    mask = np.zeros((30, 30), bool)
    mask[low:high, low:high] = True
    return mask


def test_depths_are_in_mm() -> None:
    depth = depth_mm(square(10, 20), (2.0, 1.0))
    assert depth[15, 14] == pytest.approx(5)
    assert depth[15, 5] == pytest.approx(-5)


def test_half_way_between_two_squares_lies_one_of_the_size_between() -> None:
    assert np.count_nonzero(between(square(8, 22), square(12, 18), 0.5, (1.0, 1.0)) > 0) == 100


def test_around_widens_by_mm_and_stays_on_the_slice() -> None:
    assert around(square(10, 20), 4.0, (2.0, 1.0)) == (slice(7, 23), slice(5, 25))
    assert around(square(0, 30), 9.0, (1.0, 1.0)) == (slice(0, 30), slice(0, 30))


def test_only_parts_that_touch_are_kept() -> None:
    both = square(2, 6) | square(10, 20)
    np.testing.assert_array_equal(touching(both, square(15, 25)), square(10, 20))
    assert not touching(both, np.zeros_like(both)).any()
