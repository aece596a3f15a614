from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.segment.self_doubt import disagreement, outline_band, unsure_along_outline


def box(low: int, high: int, value: int = 1) -> np.ndarray:
    labels = np.zeros((4, 10, 10), np.uint8)
    labels[1:3, low:high, low:high] = value
    return labels


def test_it_is_one_minus_dice_as_a_mean_over_labels() -> None:
    one, other = box(2, 6), box(2, 4)
    assert disagreement(one, one, [1]) == 0
    assert disagreement(one, other, [1]) == pytest.approx(1 - 2 * 8 / (32 + 8))
    both = np.maximum(one, box(7, 9, 2)), np.maximum(other, box(7, 9, 2))
    assert disagreement(*both, [1, 2]) == pytest.approx((1 - 2 * 8 / 40) / 2)
    assert disagreement(*both, [1, 2, 7]) == disagreement(*both, [1, 2]), "7 is in neither"
    assert disagreement(one, box(7, 9), [1]) == 1
    assert disagreement(box(0, 0), box(0, 0), [1]) == 0


def test_a_label_that_should_be_there_is_in_dispute_wholly() -> None:
    assert disagreement(box(2, 6), box(2, 6), [1, 2], missing=[2]) == 0.5
    assert disagreement(box(0, 0), box(0, 0), [1], missing=[1]) == 1


def test_the_band_holds_both_sides_of_every_face_between_labels() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, (4, 5, 6)).astype(np.uint8)
    expected = np.zeros(labels.shape, bool)
    for at in np.ndindex(labels.shape):
        for axis in range(3):
            for step in (-1, 1):
                near = list(at)
                near[axis] += step
                inside = 0 <= near[axis] < labels.shape[axis]
                if inside and labels[tuple(near)] != labels[at]:
                    expected[at] = True
    assert (outline_band(labels) == expected).all()
    assert not outline_band(np.zeros((1, 1, 4), np.uint8)).any()


def test_only_along_outlines_is_it_asked_how_unsure() -> None:
    labels = box(3, 7)
    unsure = np.where(outline_band(labels), 30, 100).astype(np.uint8)
    assert unsure_along_outline(labels, unsure) == 30


def test_without_an_outline_it_is_how_near_there_was_one() -> None:
    unsure = np.zeros((2, 3, 4), np.uint8)
    unsure[1, 1, 1] = 80
    assert unsure_along_outline(np.zeros((2, 3, 4), np.uint8), unsure) == 80
