"""What napari tells of a stroke, and the voxels before it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl._napari.presenters.mask.strokes import is_written, read_stroke


def masked(labels, box, mask, value):
    """Paint as napari's brush does, and return what its event holds."""
    changed = mask & (labels[box] != value)
    atom = (box, None if changed.all() else changed, labels[box][changed], value)
    if changed.all():
        atom = (box, None, labels[box].copy(), value)
    labels[box][changed] = value
    return atom


def listed(labels, indices, value):
    """Paint as ``data_setitem`` does."""
    old = labels[indices].copy()
    labels[indices] = value
    return (indices, old, value)


def test_strokes_of_many_touches_are_taken_back_in_order():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, (6, 12, 14)).astype(np.uint8)
    before, atoms = labels.copy(), []
    for _ in range(40):
        low = rng.integers(0, (5, 8, 9))
        box = tuple(slice(int(a), int(a) + n) for a, n in zip(low, (1, 4, 5), strict=True))
        if rng.random() < 0.3:
            flat = rng.choice(labels.size, 5, replace=False)
            atoms.append(listed(labels, np.unravel_index(flat, labels.shape), 3))
        else:
            mask = rng.random((1, 4, 5)) < 0.7
            atoms.append(masked(labels, box, mask, int(rng.integers(0, 5))))
    stroke = read_stroke(labels, atoms)
    whole = labels.copy()
    whole[stroke.box] = stroke.before
    np.testing.assert_array_equal(whole, before)


@pytest.mark.parametrize("full", [True, False], ids=["whole box", "a part"])
def test_only_the_part_that_was_touched_is_looked_at(full):
    labels = np.zeros((5, 6, 7), np.uint8)
    mask = np.ones((1, 2, 3), bool)
    mask[0, 0, 0] = full
    stroke = read_stroke(labels, [masked(labels, (slice(2, 3), slice(1, 3), slice(4, 7)), mask, 1)])
    assert stroke.low == (2, 1, 4)
    assert stroke.before.shape == (1, 2, 3)
    assert not stroke.before.any()


@pytest.mark.parametrize("kind", [masked, listed])
def test_a_change_that_is_told_too_early_is_known(kind):
    labels = np.full((3, 4, 5), 2, np.uint8)
    if kind is masked:
        mask = np.ones((1, 2, 2), bool)
        mask[0, 0, 0] = False
        atom = masked(labels, (slice(1, 2), slice(0, 2), slice(3, 5)), mask, 1)
    else:
        atom = listed(labels, (np.array([1, 2]), np.array([0, 3]), np.array([4, 0])), 1)
    assert is_written(labels, atom)
    assert not is_written(np.full((3, 4, 5), 2, np.uint8), atom)
