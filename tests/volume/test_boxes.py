from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.volume.boxes import label_boxes


def slow_boxes(labels: np.ndarray) -> dict[int, tuple[slice, ...]]:
    """The same by looking at every voxel."""
    places: dict[int, list[tuple[int, ...]]] = {}
    for at, value in np.ndenumerate(labels):
        if value:
            places.setdefault(int(value), []).append(at)
    return {
        value: tuple(
            slice(min(along), max(along) + 1) for along in zip(*places[value], strict=True)
        )
        for value in sorted(places)
    }


@pytest.mark.parametrize("shape", [(12,), (7, 9), (4, 5, 6)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.int64])
def test_boxes_are_those_found_voxel_by_voxel(shape, kind):
    draws = np.random.default_rng(3)
    labels = np.where(draws.random(shape) < 0.3, draws.integers(1, 6, shape), 0).astype(kind)
    found = label_boxes(labels)
    assert found == slow_boxes(labels)
    assert list(found) == sorted(found)


def test_values_too_many_to_list():
    labels = np.zeros((3, 4, 5), np.uint32)
    labels[0, 1:3, 2], labels[2, 3, 4], labels[1, 0, :2] = 7, 4_000_000_000, 70_000
    assert label_boxes(labels) == slow_boxes(labels)
    assert list(label_boxes(labels)) == [7, 70_000, 4_000_000_000]
    without_background = np.array([[70_000, 70_000], [5, 70_000]], np.uint32)
    assert label_boxes(without_background) == slow_boxes(without_background)


def test_no_label_and_no_voxel_have_no_box():
    assert label_boxes(np.zeros((2, 3, 4), np.uint8)) == {}
    assert label_boxes(np.zeros((0, 3, 4), np.uint16)) == {}
