from __future__ import annotations

import math

import numpy as np
import pytest

from napari_medssl.errors import GeometryError
from napari_medssl.evaluate import count_overlap, dice, iou


def _slow_dice(a: np.ndarray, b: np.ndarray) -> float:
    inside_a = {i for i in np.ndindex(a.shape) if a[i]}
    inside_b = {i for i in np.ndindex(b.shape) if b[i]}
    return 2 * len(inside_a & inside_b) / (len(inside_a) + len(inside_b))


def _slow_iou(a: np.ndarray, b: np.ndarray) -> float:
    inside_a = {i for i in np.ndindex(a.shape) if a[i]}
    inside_b = {i for i in np.ndindex(b.shape) if b[i]}
    return len(inside_a & inside_b) / len(inside_a | inside_b)


@pytest.mark.parametrize("seed", range(5))
def test_equals_a_count_over_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.random((2, 4, 5, 6)) > 0.6
    assert dice(a, b) == pytest.approx(_slow_dice(a, b))
    assert iou(a, b) == pytest.approx(_slow_iou(a, b))
    assert count_overlap(a, b).shared == (a & b).sum()


def test_labels_count_as_inside_whatever_their_value() -> None:
    assert dice(np.array([0, 3, 3]), np.array([False, True, True])) == 1.0


def test_disjoint_is_zero_and_empty_is_nan() -> None:
    assert dice(np.array([1, 0]), np.array([0, 1])) == 0.0
    assert iou(np.array([1, 0]), np.array([0, 1])) == 0.0
    assert math.isnan(dice(np.zeros(3), np.zeros(3)))
    assert math.isnan(iou(np.zeros(3), np.zeros(3)))


def test_other_shape_is_refused() -> None:
    with pytest.raises(GeometryError, match="one shape"):
        dice(np.zeros(3), np.zeros(4))
