"""Merging outlines into a label map."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct import merge_mask, plan_merge
from napari_medssl.errors import GeometryError, UsageError


def test_an_outline_fills_background_and_leaves_other_labels_alone():
    labels = np.array([[0, 0, 2], [1, 0, 2]], np.uint8)
    merge = merge_mask(labels, np.array([[1, 1, 1], [1, 0, 0]], bool), 1)
    assert labels.tolist() == [[1, 1, 2], [1, 0, 2]]
    assert (merge.changed, merge.protected) == (2, 1)


def test_an_outline_takes_other_labels_only_when_asked():
    labels = np.array([[0, 2], [1, 2]], np.uint8)
    merge = merge_mask(labels, np.ones((2, 2)), 1, overwrite=True)
    assert labels.tolist() == [[1, 1], [1, 1]]
    assert (merge.changed, merge.protected) == (3, 0)


def test_a_plan_changes_nothing():
    labels = np.zeros((3, 4), np.uint16)
    plan = plan_merge(labels, np.ones((3, 4), bool), 7)
    assert plan.changed == 12
    assert not labels.any()


def test_a_view_of_one_plane_writes_through_to_the_volume():
    volume = np.zeros((3, 4, 5), np.uint8)
    merge_mask(volume[:, 2], np.ones((3, 5), bool), 3)
    assert (volume[:, 2] == 3).all()
    assert np.count_nonzero(volume) == 15


@pytest.mark.parametrize("value", [0, -1, 256])
def test_a_label_that_the_map_cannot_hold_is_refused(value):
    labels = np.zeros((2, 2), np.uint8)
    with pytest.raises(UsageError, match="from 1 to 255"):
        merge_mask(labels, np.ones((2, 2), bool), value)
    assert not labels.any()


def test_another_shape_is_refused():
    with pytest.raises(GeometryError, match="same shape"):
        merge_mask(np.zeros((2, 3), np.uint8), np.ones((3, 2), bool), 1)


def test_any_sequence_of_merges_keeps_every_label_once_given():
    """Property: without overwrite, a labelled voxel never changes; with it, the last one wins."""
    rng = np.random.default_rng(7)
    labels = np.zeros((20, 20), np.uint8)
    first: dict[tuple[int, int], int] = {}
    for _ in range(50):
        value, mask = int(rng.integers(1, 6)), rng.random((20, 20)) < 0.1
        merge_mask(labels, mask, value)
        for at in zip(*np.nonzero(mask), strict=True):
            first.setdefault(at, value)
    assert {at: int(labels[at]) for at in zip(*np.nonzero(labels), strict=True)} == first
