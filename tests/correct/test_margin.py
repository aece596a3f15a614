from __future__ import annotations

import numpy as np
import pytest
from shapes import blobs, near

from napari_medssl.correct.margin import grow, shrink

SPACINGS = [(1.0, 1.0, 1.0), (5.0, 0.7, 0.7), (0.5, 2.0, 1.3)]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("mm", [0.3, 0.7, 1.0, 2.1, 3.5, 5.0, 30.0])
def test_distances_against_all_pairs(spacing: tuple[float, float, float], mm: float) -> None:
    for seed, shape in enumerate([(5, 9, 8), (1, 11, 9), (6, 1, 7)]):
        mask = blobs(seed, shape, 0.15)
        assert (grow(mask, spacing, mm) == near(mask, spacing, mm)).all()
        dense = blobs(seed, shape, 0.85)
        assert (shrink(dense, spacing, mm) == (dense & ~near(~dense, spacing, mm))).all()


def test_whole_steps_count_however_they_round() -> None:
    line = np.zeros((1, 1, 21), bool)
    line[0, 0, 10] = True
    for step in (0.7, 0.1, 0.3, 0.9765625):
        for steps in range(1, 10):
            grown = grow(line, (1, 1, step), sum([step] * steps))
            assert grown.sum() == 2 * steps + 1


def test_the_edge_of_the_image_is_not_outside() -> None:
    mask = np.zeros((4, 6, 6), bool)
    mask[:, :3] = True
    assert shrink(mask, (1, 1, 1), 1)[:, :2].all()
    assert not shrink(mask, (1, 1, 1), 1)[:, 2:].any()
    assert shrink(np.ones((3, 3, 3), bool), (1, 1, 1), 9).all()


def test_nothing_stays_nothing() -> None:
    empty = np.zeros((3, 4, 5), bool)
    assert not grow(empty, (1, 1, 1), 3).any()
    assert not shrink(empty, (1, 1, 1), 3).any()


def test_the_mask_itself_is_left_alone() -> None:
    mask = blobs(3)
    before = mask.copy()
    grow(mask, (1, 1, 1), 2)
    shrink(mask, (1, 1, 1), 2)
    assert (mask == before).all()
