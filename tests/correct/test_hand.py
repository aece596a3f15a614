"""Which voxels a person changed last, against a slow count of who changed each voxel."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct import Edit, History, Step
from napari_medssl.correct.hand import hand_edited
from napari_medssl.errors import GeometryError

SHAPE = (4, 6, 7)
MODEL = ({"automatic": True, "engine": "net"},)


def changing(labels, value, *, words="Brush", outlines=(), seed=0) -> Step:
    """Change random voxels in place, and return it as a step."""
    before = labels.copy()
    labels[np.random.default_rng(seed).random(SHAPE) < 0.2] = value
    return Step(words, Edit.between(before, labels), outlines=outlines)


def slow(steps) -> np.ndarray:
    who = np.zeros(SHAPE, bool)
    for step in steps:
        for number, changed in enumerate(step.edit.changed.ravel()):
            if changed:
                at = np.unravel_index(number, step.edit.shape)
                who[tuple(a + low for a, low in zip(at, step.edit.low, strict=True))] = step.by_hand
    return who


def some_steps() -> list[Step]:
    labels = np.zeros(SHAPE, np.uint8)
    kinds = [("Brush", ()), ("Accept 'liver'", MODEL), ("Eraser", ()), ("Mask from a file", ())]
    return [
        changing(labels, 1 + (n * 3) % 4, words=kinds[n % 4][0], outlines=kinds[n % 4][1], seed=n)
        for n in range(12)
    ]


def test_the_last_to_change_a_voxel_counts():
    steps = some_steps()
    history = History()
    for step in steps:
        history.push(step)
    found = hand_edited(SHAPE, history)
    assert found.any()
    assert not found.all()
    assert np.array_equal(found, slow(steps))
    history.undo()
    history.undo()
    assert np.array_equal(hand_edited(SHAPE, history), slow(steps[:-2]))


def test_steps_that_can_no_more_be_taken_back_still_count():
    steps = some_steps()
    history = History(least=2, most_bytes=0)
    for step in steps:
        history.push(step)
    assert len(history.done) == 2
    assert np.array_equal(hand_edited(SHAPE, history), slow(steps))


def test_what_was_before_the_history_counts_and_is_not_changed():
    steps = some_steps()
    before = slow(steps[:7])
    kept = before.copy()
    assert np.array_equal(hand_edited(SHAPE, History(tuple(steps[7:])), before), slow(steps))
    assert np.array_equal(before, kept)
    with pytest.raises(GeometryError):
        hand_edited((1, 2, 3), History(), before)


def test_outlines_of_prompts_are_by_hand_and_prompts_alone_change_nothing():
    kept = Step("Keep outline", outlines=({"engine": "litemedsam", "points_ijk": []},))
    assert kept.by_hand
    assert not Step("Accept 3 labels", outlines=MODEL).by_hand
    assert not hand_edited(SHAPE, History((kept,))).any()
