"""The history against a plain model that keeps a whole copy of the mask for every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_medssl.correct import TOOLS, Edit, History, Rules, Step, run_tool, set_label
from napari_medssl.errors import MedSSLError
from napari_medssl.segment import Plane

SHAPE = (8, 14, 15)
MM = (3.0, 0.8, 0.8)


def stroke(rng: np.random.Generator, labels: np.ndarray, image: np.ndarray) -> Edit | None:
    """A ball, cut out around itself, painted or (value 0) erased under some rules."""
    z, y, x = (int(rng.integers(0, n)) for n in SHAPE)
    low = (max(z - 1, 0), max(y - 3, 0), max(x - 3, 0))
    part = tuple(slice(at, at + n) for at, n in zip(low, (3, 7, 7), strict=True))
    places = np.meshgrid(
        *(np.arange(n)[p] for n, p in zip(SHAPE, part, strict=True)), indexing="ij"
    )
    ball = sum((a - b) ** 2 for a, b in zip(places, (z, y, x), strict=True)) <= 8
    return set_label(
        labels[part],
        int(rng.integers(0, 4)),
        ball,
        some_rules(rng),
        image=image[part],
        add_only=True,
        low=low,
    )


def merge(rng: np.random.Generator, labels: np.ndarray, image: np.ndarray) -> Edit | None:
    """An outline kept on one slice."""
    plane = Plane(int(rng.integers(0, 3)), int(rng.integers(0, min(SHAPE))))
    after = labels.copy()
    view = np.expand_dims(plane.view(after), plane.axis)
    rules = Rules(overwrite=bool(rng.random() < 0.5))
    edit = set_label(view, 2, rng.random(view.shape) < 0.3, rules, add_only=True)
    if edit is not None:
        edit.apply(view)
    return Edit.between(labels, after)


def tool(rng: np.random.Generator, labels: np.ndarray, image: np.ndarray) -> Edit | None:
    """Any tool on any label; one that refuses changes nothing."""
    chosen = TOOLS[int(rng.integers(0, len(TOOLS)))]
    plane = Plane(int(rng.integers(0, 3)), int(rng.integers(0, min(SHAPE))))
    some = {"low": -0.2, "high": 0.2, "mm": 2.0, "mm3": 20.0}
    try:
        return run_tool(
            chosen.name,
            labels,
            int(rng.integers(1, 4)),
            MM,
            rules=some_rules(rng),
            image=image,
            plane=plane if chosen.scope != "volume or slice" or rng.random() < 0.5 else None,
            voxel=(1, 2, 3),
            other=rng.random(SHAPE) < 0.5 if chosen.needs == "mask" else int(rng.integers(0, 4)),
            **{p.name: some[p.name] for p in chosen.parameters},
        )
    except MedSSLError:
        return None


def some_rules(rng: np.random.Generator) -> Rules:
    locked = frozenset(rng.choice([1, 2, 3], int(rng.integers(0, 2)), replace=False).tolist())
    low, high = (-0.5, 1.0) if rng.random() < 0.3 else (None, None)
    return Rules(locked, bool(rng.random() < 0.5), low, high)


@pytest.mark.parametrize("kind", [np.uint8, np.uint32])
def test_a_thousand_edits_undos_and_redos_equal_whole_copies(kind: type) -> None:
    """Strokes, outlines and tools, taken back and made again; every step through its bytes."""
    rng = np.random.default_rng(20)
    labels, image = np.zeros(SHAPE, kind), rng.normal(0, 0.5, SHAPE).astype(np.float32)
    history = History(least=2000)
    copies, now = [labels.copy()], 0
    counts = dict.fromkeys(("do", "undo", "redo"), 0)
    while sum(counts.values()) < 1000:
        what = rng.choice(["stroke", "merge", "tool", "tool", *["undo", "redo"] * 3])
        if what == "undo":
            step = history.undo()
            assert (step is None) == (now == 0)
            if step is not None and step.edit is not None:
                Edit.from_bytes(step.edit.to_bytes()).revert(labels)
                now -= 1
                counts["undo"] += 1
        elif what == "redo":
            step = history.redo()
            assert (step is None) == (now == len(copies) - 1)
            if step is not None and step.edit is not None:
                Edit.from_bytes(step.edit.to_bytes()).apply(labels)
                now += 1
                counts["redo"] += 1
        else:
            edit = {"stroke": stroke, "merge": merge, "tool": tool}[what](rng, labels, image)
            if edit is None:
                continue
            edit.apply(labels)
            history.push(Step(what, edit))
            del copies[now + 1 :]
            copies.append(labels.copy())
            now += 1
            counts["do"] += 1
        assert (labels == copies[now]).all()
    assert min(counts.values()) > 50
    while (step := history.undo()) is not None:
        assert step.edit is not None
        step.edit.revert(labels)
    assert not labels.any()


def steps(count: int, nbytes: int = 8) -> list[Step]:
    before = np.zeros((1, 1, nbytes * 8), np.uint8)
    edit = Edit.between(before, before + 1)
    return [Step(str(n), edit) for n in range(count)]


def test_a_new_step_ends_what_could_be_made_again() -> None:
    history = History()
    a, b, c = steps(3)
    history.push(a)
    history.push(b)
    assert history.undo() is b
    assert history.undone == (b,)
    history.push(c)
    assert history.redo() is None
    assert history.done == (a, c)


def test_at_least_a_hundred_steps_stay_however_large_they_are() -> None:
    history = History(most_bytes=1000)
    for step in steps(150, nbytes=500):
        history.push(step)
    assert len(history.done) == 100
    assert history.done[-1].words == "149"


def test_small_steps_stay_beyond_a_hundred() -> None:
    made = steps(150, nbytes=1)
    room = sum(step.nbytes for step in made[:120])
    history = History(most_bytes=room)
    for step in made:
        history.push(step)
    assert history.done == tuple(made[30:])


def test_a_history_goes_on_where_it_was_left() -> None:
    first, second, third = steps(3)
    history = History((first, second), (third,))
    assert history.redo() is third
    assert history.undo() is third
    assert history.undo() is second
    assert [step.words for step in history.undone] == ["2", "1"]


def test_prompts_travel_with_their_step() -> None:
    prompts: tuple[Any, Any] = ([], [{"axis": 0}])
    history = History()
    history.push(Step("Point", prompts=prompts))
    undone = history.undo()
    assert undone is not None
    assert undone.prompts == prompts
    assert undone.nbytes == 0
