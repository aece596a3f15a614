from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from napari_medssl.correct import Edit, Step
from napari_medssl.correct.journal import fingerprint, pack_step, replay, unpack_step
from napari_medssl.errors import UnreadableFileError

PROMPTS: tuple[list[Any], list[Any]] = ([], [{"at": [1.5, 2.25, 1 / 3], "inside": True}])

OUTLINES = ({"label": 1, "engine": "a", "window": [np.float32(-160), 240]}, {"engine": "b"})


def random_edit(seed: int = 0, most: int = 3) -> Edit:
    draw = np.random.default_rng(seed)
    before = draw.integers(0, most, (4, 5, 6)).astype(np.uint32)
    edit = Edit.between(before, draw.integers(0, most, (4, 5, 6)).astype(np.uint32))
    assert edit is not None
    return edit


@pytest.mark.parametrize(
    "step",
    [
        Step("Brush", random_edit()),
        Step("Grow by 2 mm, \u00e9\u4e2d", random_edit(1, 70_000)),
        Step("Point", None, PROMPTS),
        Step("Keep outline", random_edit(2), (PROMPTS[1], [])),
        Step("Keep outline", random_edit(3), (PROMPTS[1], []), OUTLINES),
        Step("Nothing"),
    ],
    ids=lambda step: step.words,
)
def test_a_step_comes_back_from_its_bytes(step: Step) -> None:
    back = unpack_step(pack_step(step))
    assert (back.words, back.prompts) == (step.words, step.prompts)
    assert back.outlines == step.outlines
    assert fingerprint(back) == fingerprint(step)
    if step.edit is None:
        assert back.edit is None
        return
    assert back.edit is not None
    before = np.zeros((4, 5, 6), np.uint32)
    step.edit.revert(before)
    after = before.copy()
    step.edit.apply(after)
    again = before.copy()
    back.edit.apply(again)
    assert np.array_equal(again, after)
    back.edit.revert(again)
    assert np.array_equal(again, before)


def test_fingerprints_tell_steps_apart() -> None:
    steps = [
        Step("Brush", random_edit(0)),
        Step("Brush", random_edit(1)),
        Step("Eraser", random_edit(0)),
        Step("Brush", random_edit(0), PROMPTS),
        Step("Brush", None, PROMPTS),
        Step("Brush"),
        Step("Brush", outlines=OUTLINES),
    ]
    assert len({fingerprint(step) for step in steps}) == len(steps)
    assert fingerprint(steps[0]) == fingerprint(Step("Brush", random_edit(0)))


def test_what_is_no_plain_value_is_refused() -> None:
    for step in (Step("Point", None, ([], [object()])), Step("Keep", outlines=({"a": {1}},))):
        with pytest.raises(TypeError, match="is no plain value"):
            pack_step(step)


def test_every_cut_and_every_flipped_byte_is_noticed() -> None:
    step = Step("Brush", random_edit(), PROMPTS, OUTLINES[1:])
    packed, mark = pack_step(step), fingerprint(step)
    damaged = [packed[:n] for n in range(len(packed))]
    damaged += [
        packed[:n] + bytes([packed[n] ^ 0x10]) + packed[n + 1 :] for n in range(len(packed))
    ]
    unnoticed = 0
    for one in damaged:
        with suppress(UnreadableFileError):
            unnoticed += fingerprint(unpack_step(one)) == mark
    assert unnoticed == 0


def test_a_journal_is_replayed() -> None:
    labels = np.zeros((4, 5, 6), np.uint8)
    first = Edit.between(labels, np.full_like(labels, 2))
    second = Edit.between(np.full_like(labels, 2), np.full_like(labels, 3))
    a, b, c = Step("a", first), Step("b", second), Step("c", None, PROMPTS)
    history = replay(labels, [("do", a), ("do", b), ("undo", b), ("do", c), ("undo", c)])
    assert [step.words for step in history.done] == ["a"]
    assert [step.words for step in history.undone] == ["c"]
    assert (labels == 2).all()
    history = replay(labels, [("do", b), ("undo", b), ("redo", b), ("undo", b)])
    assert [step.words for step in history.undone] == ["b"]
    assert (labels == 2).all()
