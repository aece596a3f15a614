from __future__ import annotations

import math

import numpy as np
import pytest

from napari_medssl.correct import Rules
from napari_medssl.errors import UsageError

LABELS = np.array([[[0, 1, 2, 3]]], np.uint8)


@pytest.mark.parametrize(
    ("rules", "value", "allowed"),
    [
        (Rules(), 1, [1, 1, 0, 0]),
        (Rules(overwrite=True), 1, [1, 1, 1, 1]),
        (Rules(frozenset({2}), overwrite=True), 1, [1, 1, 0, 1]),
        (Rules(frozenset({1}), overwrite=True), 1, [0, 0, 0, 0]),
        (Rules(), 0, [1, 1, 1, 1]),
        (Rules(frozenset({1, 3})), 0, [1, 0, 1, 0]),
    ],
)
def test_locked_and_other_labels_are_left_alone(
    rules: Rules, value: int, allowed: list[int]
) -> None:
    assert rules.allows(LABELS, value).ravel().tolist() == [bool(a) for a in allowed]


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, np.float64])
def test_a_range_includes_both_ends(kind: type) -> None:
    image = np.array([[[9, 10, 20, 21]]], kind)
    for low, high, inside in (
        (10, 20, [0, 1, 1, 0]),
        (10, None, [0, 1, 1, 1]),
        (None, 10, [1, 1, 0, 0]),
        (-1e9, 1e9, [1, 1, 1, 1]),
    ):
        allowed = Rules(overwrite=True, low=low, high=high).allows(LABELS, 1, image)
        assert allowed.ravel().tolist() == [bool(i) for i in inside]


def test_what_is_not_a_number_is_in_no_range() -> None:
    image = np.array([[[math.nan, 1, math.inf, -math.inf]]], np.float32)
    for rules in (Rules(overwrite=True, low=-math.inf), Rules(overwrite=True, high=math.inf)):
        assert rules.allows(LABELS, 1, image).ravel().tolist() == [False, True, True, True]


def test_a_range_needs_an_image_of_one_value_a_voxel() -> None:
    with pytest.raises(UsageError, match="grey-scale"):
        Rules(low=1).allows(LABELS, 1)
    with pytest.raises(UsageError, match="grey-scale"):
        Rules(low=1).allows(LABELS, 1, np.zeros((3, *LABELS.shape)))


@pytest.mark.parametrize(("low", "high"), [(2, 1), (math.nan, 1), (1, math.nan)])
def test_a_range_that_is_none_is_refused(low: float, high: float) -> None:
    with pytest.raises(UsageError, match="range"):
        Rules(low=low, high=high)
