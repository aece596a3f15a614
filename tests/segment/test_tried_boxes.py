from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.models.promptable import Embedding
from napari_medssl.segment.tried_boxes import boxes_around

YES, NO = True, False


def xy(*places: tuple[float, float]) -> np.ndarray:
    return np.array(places, np.float32)


def blank(size: tuple[int, int] = (200, 300), inside: tuple[int, int] = (171, 256)) -> Embedding:
    return Embedding(np.zeros((1, 1, 1), np.float32), size, inside, "")


def test_boxes_hold_the_points_and_stay_within_the_image() -> None:
    points = xy((20, 30), (90, 160))
    boxes = boxes_around(blank(), points, np.array([YES, YES]))
    assert 5 < len(boxes) <= 24
    assert (boxes[:, :2] < points.min(axis=0)).all()
    assert (boxes[:, 2:] > points.max(axis=0)).all()
    assert boxes.min() >= 0
    assert (boxes[:, 2:] <= (300, 200)).all()


def test_boxes_around_a_point_are_of_many_sizes_and_shapes() -> None:
    boxes = boxes_around(blank(), xy((150, 100)), np.array([YES]))
    assert len(boxes) == 24
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    assert width.min() < 20
    assert width.max() == 300
    assert (width / height).min() == pytest.approx(0.4, rel=0.01)
    assert (width / height).max() == pytest.approx(2.5, rel=0.01)


def test_boxes_have_the_patients_proportions() -> None:
    """On a coronal cut with rows of 5 mm and columns of 1 mm a square is five times as wide."""
    boxes = boxes_around(blank((40, 200), (256, 256)), xy((100, 20)), np.array([YES]))
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    assert np.isclose(width / height, 5, rtol=0.01).sum() >= 6


def test_boxes_are_cut_short_of_a_negative_point() -> None:
    points, signs = xy((150, 100), (180, 100)), np.array([YES, NO])
    boxes = boxes_around(blank(), points, signs)
    holds = (boxes[:, 0] < 180) & (boxes[:, 2] > 180)
    assert not holds[(boxes[:, 1] < 100) & (boxes[:, 3] > 100)].any()
    assert ((boxes[:, 0] < 150) & (boxes[:, 2] > 150)).all()


def test_a_negative_point_between_positive_ones_cuts_nothing() -> None:
    around = np.array([YES, NO, YES])
    boxes = boxes_around(blank(), xy((100, 100), (150, 120), (200, 140)), around)
    assert len(boxes) >= 5
    assert ((boxes[:, 0] < 150) & (boxes[:, 2] > 150)).all()
