"""What places alone tell."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.finetune.position_prior import position_prior


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def box(shape: tuple[int, int, int], shift: int = 0) -> np.ndarray:
    """Label 3 in the first third, label 7 in a small part of the last; relative to the sides."""
    labels = np.zeros(shape, np.uint8)
    z, y, x = shape
    labels[: z // 3] = 3
    labels[-z // 4 :, y // 2 + shift :, : x // 2] = 7
    return labels


def test_what_always_lies_in_one_place_is_expected_there_on_any_grid() -> None:
    prior = position_prior([(box((24, 30, 36)), None), (box((48, 20, 28)), None)], (3, 7))
    for shape in ((24, 30, 36), (60, 44, 52)):
        found, truth = prior.expected(shape), box(shape)
        assert found.shape == shape
        assert dice(found == 3, truth == 3) > 0.95
        assert dice(found == 7, truth == 7) > 0.9


def test_a_small_thing_that_moves_is_still_guessed_at_its_likeliest_places() -> None:
    masks = []
    for seed in range(8):
        labels = np.zeros((20, 20, 20), np.uint8)
        z, y, x = np.random.default_rng(seed).integers(6, 10, 3)
        labels[z : z + 5, y : y + 5, x : x + 5] = 1
        masks.append((labels, None))
    found = position_prior(masks, (1,)).expected((20, 20, 20))
    mean = np.mean([dice(found == 1, labels == 1) for labels, _ in masks])
    assert mean > 0.3, "the majority alone would find next to nothing"


def test_only_what_was_looked_at_counts() -> None:
    labels, seen = box((24, 24, 24)), np.zeros((24, 24, 24), bool)
    seen[:12] = True
    empty = np.zeros((24, 24, 24), np.uint8)
    prior = position_prior([(labels, seen), (empty, ~seen)], (3, 7))
    found = prior.expected((24, 24, 24))
    assert dice(found == 3, labels == 3) > 0.9
    assert not (found == 7).any()


def test_nothing_to_learn_from_is_told() -> None:
    with pytest.raises(UsageError):
        position_prior([], (1,))
