"""Accepting a proposal: voxel by voxel what the rules say, in whichever order labels come."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from napari_medssl.correct.merge import ADDED, KEPT, REMOVED, SAME, Merge
from napari_medssl.errors import GeometryError, UsageError

SHAPE = (5, 6, 7)
TARGETS = {1: 11, 2: 12, 3: 13}
FOREIGN, LOCKED = 20, 13


@pytest.fixture
def maps():
    draw = np.random.default_rng(3)
    labels = draw.choice([0, 11, 12, 13, FOREIGN], SHAPE).astype(np.uint8)
    proposed = draw.integers(0, 4, SHAPE).astype(np.uint8)
    held = draw.random(SHAPE) < 0.2
    return labels, proposed, held


def slow(old, new, held, accepted, locked=()) -> int:
    """What one voxel becomes."""
    wanted = TARGETS[new] if new in accepted else 0
    if held or old in locked or wanted in locked or old == wanted:
        return old
    if wanted:
        return wanted if old in (0, *TARGETS.values()) else old
    return 0 if old in [TARGETS[value] for value in accepted] else old


@pytest.mark.parametrize("accepted", [(1,), (1, 3), (1, 2, 3)])
@pytest.mark.parametrize("locked", [(), (LOCKED,)])
def test_every_voxel_becomes_what_the_rules_say(maps, accepted, locked, monkeypatch):
    monkeypatch.setattr("napari_medssl.correct.merge._SLAB", 50)
    labels, proposed, held = maps
    before = labels.copy()
    edit = Merge(TARGETS, locked, held).edit(labels, proposed, accepted)
    assert np.array_equal(labels, before), "nothing is changed yet"
    edit.apply(labels)
    wanted = [
        slow(int(o), int(n), h, accepted, locked)
        for o, n, h in zip(before.flat, proposed.flat, held.flat, strict=True)
    ]
    assert labels.ravel().tolist() == wanted


def test_the_order_in_which_labels_are_accepted_does_not_matter(maps):
    labels, proposed, held = maps
    merge, ends = Merge(TARGETS, (), held), set()
    for order in permutations(TARGETS):
        mask = labels.copy()
        for value in order:
            edit = merge.edit(mask, proposed, [value])
            if edit is not None:
                edit.apply(mask)
        ends.add(mask.tobytes())
    edit = merge.edit(labels, proposed, list(TARGETS))
    edit.apply(labels)
    assert ends == {labels.tobytes()}


def test_the_difference_tells_what_accepting_all_does(maps):
    labels, proposed, held = maps
    merge = Merge(TARGETS, (LOCKED,), held)
    difference = merge.difference(labels, proposed)
    after = labels.copy()
    merge.edit(labels, proposed, list(TARGETS)).apply(after)
    changed = after != labels
    codes = difference.codes
    assert np.array_equal(codes == ADDED, changed & (after > 0))
    assert np.array_equal(codes == REMOVED, changed & (after == 0))
    wanted = np.array([0, *TARGETS.values()])[proposed]
    assert np.array_equal(codes == SAME, (wanted == labels) & (wanted > 0))
    known = np.isin(labels, list(TARGETS.values()))
    wrong = ~changed & (wanted != labels) & ((wanted > 0) | known)
    assert np.array_equal(codes == KEPT, wrong)
    for value, label in TARGETS.items():
        counts = difference.counts[value]
        assert counts.same == np.count_nonzero((wanted == label) & (labels == label))
        assert counts.added == np.count_nonzero(changed & (after == label))
        assert counts.removed == np.count_nonzero(changed & (labels == label))
    assert difference.kept == np.count_nonzero(wrong)
    assert sum(counts.kept for counts in difference.counts.values()) == difference.kept


def test_two_classes_may_become_one_label():
    labels = np.zeros((1, 2, 4), np.uint8)
    proposed = np.array([[[1, 2, 0, 0], [0, 0, 0, 0]]], np.uint8)
    labels[0, 1, 0] = 5
    merge = Merge({1: 5, 2: 5})
    merge.edit(labels, proposed, [1, 2]).apply(labels)
    assert labels[0].tolist() == [[5, 5, 0, 0], [0, 0, 0, 0]]


def test_nothing_to_change_and_bad_shapes_and_no_room():
    labels = np.full((2, 2, 2), 5, np.uint8)
    assert Merge({1: 5}).edit(labels, np.ones((2, 2, 2), np.uint8), [1]) is None
    with pytest.raises(GeometryError):
        Merge({1: 5}).difference(labels, np.ones((2, 2, 3), np.uint8))
    with pytest.raises(UsageError):
        Merge({1: 300}).edit(labels, np.ones((2, 2, 2), np.uint8), [1])
