from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct.objects import LabelObject, label_objects, next_object


def things() -> np.ndarray:
    """Two islands of label 2, the second the larger; a bent one of label 7, one of label 300."""
    labels = np.zeros((6, 20, 30), np.uint16)
    labels[1, 2:4, 2:4] = 2
    labels[3:6, 10:13, 20:23] = 2
    labels[0, 15:18, 5] = labels[0, 17, 5:12] = 7
    labels[5, 0, 29] = 300
    return labels


def test_objects_come_by_label_and_the_largest_first() -> None:
    found = label_objects(things(), [300, 7, 2])
    assert [(o.value, o.voxels) for o in found] == [(2, 27), (2, 4), (7, 9), (300, 1)]
    assert found[0].middle == (4, 11, 21)
    assert found[3].middle == (5, 0, 29)
    assert things()[found[2].middle] == 7, "of a bent one too, its middle is in it"


def test_labels_without_voxels_and_values_nobody_lists_are_passed_by() -> None:
    labels = things().astype(np.uint32)
    labels[2, 5, 5] = 4_000_000_000
    found = label_objects(labels, [1, 7, 4_000_000_000])
    assert [(o.value, o.voxels) for o in found] == [(7, 9), (4_000_000_000, 1)]
    assert label_objects(labels, []) == []


def test_all_are_met_in_turn_both_ways_and_after_the_last_the_first() -> None:
    found = label_objects(things(), [2, 7, 300])
    for by in (1, -1):
        last, met = None, []
        for _ in range(5):
            number = next_object(found, last, by, value=2, gone=False)
            last = found[number]
            met.append(number)
        assert met == ([0, 1, 2, 3, 0] if by > 0 else [3, 2, 1, 0, 3])


@pytest.mark.parametrize(("value", "number"), [(2, 0), (3, 2), (7, 2), (999, 0)])
def test_without_one_before_it_begins_with_the_label_in_use(value: int, number: int) -> None:
    found = label_objects(things(), [2, 7, 300])
    assert next_object(found, None, 1, value=value, gone=False) == number


def test_one_that_was_painted_on_is_known_again_and_one_erased_is_not_waited_for() -> None:
    labels = things()
    before = label_objects(labels, [2, 7, 300])
    labels[1, 2:9, 2:9] = 2  # the smaller of label 2 is the larger now
    after = label_objects(labels, [2, 7, 300])
    assert next_object(after, before[1], 1, value=2, gone=False) == 1
    labels[labels == 7] = 0
    left = label_objects(labels, [2, 7, 300])
    assert left[next_object(left, before[2], 1, value=7, gone=True)].value == 300
    assert left[next_object(left, before[2], -1, value=7, gone=True)].value == 2
    assert isinstance(left[0], LabelObject)
