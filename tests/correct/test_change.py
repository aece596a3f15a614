from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct import Rules, set_label
from napari_medssl.errors import GeometryError, UsageError

SHAPE = (4, 5, 6)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("seed", range(25))
def test_every_voxel_becomes_what_the_rules_say(kind: type, seed: int) -> None:
    """Against the rule, written out voxel by voxel."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, SHAPE).astype(kind)
    wanted, image = rng.random(SHAPE) < 0.5, rng.normal(0, 1, SHAPE).astype(np.float32)
    locked = frozenset(rng.choice(5, 2).tolist()) - {0}
    rules = Rules(locked, bool(rng.random() < 0.5), *((-0.7, 0.7) if seed % 2 else (None, None)))
    value, add_only = int(rng.integers(0, 5)), bool(rng.random() < 0.5)
    before = labels.copy()
    edit = set_label(labels, value, wanted, rules, image=image, add_only=add_only)
    assert (labels == before).all()
    if edit is not None:
        edit.apply(labels)
    for at in np.ndindex(SHAPE):
        now = int(before[at])
        new = value if wanted[at] else 0 if now == value and not add_only else now
        may = now not in locked and new not in locked
        may &= new == 0 or now in (0, value) or rules.overwrite
        may &= not rules.has_range or bool(-0.7 <= image[at] <= 0.7)
        assert labels[at] == (new if may else now)
    if edit is not None:
        edit.revert(labels)
    assert (labels == before).all()


def test_a_part_is_written_where_it_was_cut_from() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    part = labels[1:3, 2:4, 3:6]
    edit = set_label(part, 7, np.ones(part.shape, bool), Rules(), low=(1, 2, 3))
    assert edit is not None
    edit.apply(labels)
    assert (labels[1:3, 2:4, 3:6] == 7).all()
    assert np.count_nonzero(labels) == part.size


def test_nothing_to_do_is_no_edit() -> None:
    labels = np.ones(SHAPE, np.uint8)
    assert set_label(labels, 1, labels == 1, Rules()) is None
    assert set_label(labels, 2, labels == 1, Rules()) is None


@pytest.mark.parametrize("value", [-1, 256])
def test_a_value_without_room_is_refused(value: int) -> None:
    with pytest.raises(UsageError, match="up to 255"):
        set_label(np.zeros(SHAPE, np.uint8), value, np.ones(SHAPE, bool), Rules())


def test_another_shape_is_refused() -> None:
    with pytest.raises(GeometryError):
        set_label(np.zeros(SHAPE, np.uint8), 1, np.ones((4, 5, 7), bool), Rules())


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_view_of_one_slice_writes_through_to_the_volume(axis: int) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    part = np.expand_dims(np.moveaxis(labels, axis, 0)[2], axis)
    edit = set_label(part, 3, np.ones(part.shape, bool), Rules(), add_only=True)
    assert edit is not None
    edit.apply(part)
    assert (np.take(labels, 2, axis) == 3).all()
    assert np.count_nonzero(labels) == part.size


def test_any_sequence_of_outlines_keeps_every_label_once_given() -> None:
    rng = np.random.default_rng(7)
    labels = np.zeros(SHAPE, np.uint8)
    first: dict[tuple[int, ...], int] = {}
    for _ in range(50):
        value, wanted = int(rng.integers(1, 6)), rng.random(SHAPE) < 0.1
        edit = set_label(labels, value, wanted, Rules(), add_only=True)
        if edit is not None:
            edit.apply(labels)
        for at in zip(*np.nonzero(wanted), strict=True):
            first.setdefault(at, value)
    assert {at: int(labels[at]) for at in zip(*np.nonzero(labels), strict=True)} == first
