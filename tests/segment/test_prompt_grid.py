from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_medssl.models.promptable import Embedding, Square
from napari_medssl.segment import EverythingSettings
from napari_medssl.segment.prompt_grid import box_prompts, grid_boxes, point_prompts, random_boxes
from napari_medssl.segment.slices import SlicePicture


def embedding(size: tuple[int, int], pixel_mm: tuple[float, float] = (1.0, 1.0)) -> Embedding:
    return Embedding(np.zeros((1, 1, 1), np.float32), size, Square(256).inside(size, pixel_mm), "")


def test_boxes_cover_the_image_evenly_and_stay_on_it() -> None:
    boxes = grid_boxes(embedding((60, 100)), 0.2, 0.5)
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], 20, atol=0.1)
    assert boxes.min() >= 0
    assert (boxes[:, 2:] <= [100.001, 60.001]).all()
    assert len(boxes) == 9 * 5
    covered = np.zeros((60, 100), int)
    for left, top, right, bottom in boxes.round().astype(int):
        covered[top:bottom, left:right] += 1
    assert covered.min() >= 1


def test_boxes_are_square_in_the_patient() -> None:
    """Pixels three times as high as wide: 20 mm are 20 columns and some 7 rows."""
    boxes = grid_boxes(embedding((20, 100), (3.0, 1.0)), 0.2, 0.5)
    extent = boxes[0, 2:] - boxes[0, :2]
    np.testing.assert_allclose(extent, [20, 20 / 3], rtol=0.03)


def test_a_box_larger_than_the_image_is_the_image() -> None:
    boxes = grid_boxes(embedding((10, 100)), 0.5, 0.5)
    assert (boxes[:, 1] == 0).all()
    assert (boxes[:, 3] == 10).all()


@pytest.mark.parametrize("kind", ["boxes", "points"])
def test_nothing_is_asked_where_nothing_is_seen(kind: str) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :30] = np.random.default_rng(0).integers(0, 255, (100, 30, 1))
    settings = replace(EverythingSettings(), points_per_side=20)
    prompts = box_prompts if kind == "boxes" else point_prompts
    found = prompts(SlicePicture(image, (1.0, 1.0)), embedding((100, 100)), settings)
    everywhere = prompts(
        SlicePicture(image, (1.0, 1.0)), embedding((100, 100)), replace(settings, flat=0.0)
    )
    assert 0 < len(found) < len(everywhere)
    assert found[:, 0].max() < 40
    if kind == "points":
        assert everywhere.shape == (400, 2)
        assert np.unique(everywhere[:, 0]).tolist() == [2.5 + 5 * n for n in range(20)]


def test_random_boxes_are_of_all_sizes_in_the_patient_and_stay_on_the_image() -> None:
    """Pixels three times as high as wide: 100 mm by 60 mm."""
    seen = embedding((20, 100), (3.0, 1.0))
    boxes = random_boxes(seen, 500, (0.06, 0.7), np.random.default_rng(0))
    sides = (boxes[:, 2:] - boxes[:, :2]) * [1, 3]
    assert boxes.min() >= 0
    assert (boxes[:, 2:] <= [100.01, 20.01]).all()
    assert sides.min() >= 5.9
    assert 60 < sides[:, 0].max() < 71
    assert 0.35 < (sides[:, 0] < np.sqrt(6 * 70)).mean() < 0.65
    assert boxes[:, 0].min() < 5
    assert boxes[:, 2].max() > 95
    again = random_boxes(seen, 500, (0.06, 0.7), np.random.default_rng(0))
    np.testing.assert_array_equal(boxes, again)
