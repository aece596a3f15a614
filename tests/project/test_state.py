from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, paint, project_of, told_of

from napari_medssl.errors import GeometryError, UnreadableFileError, UsageError
from napari_medssl.project import open_project
from napari_medssl.project.state import pack_labels, unpack_labels


def snapshots(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "project" / "project.sqlite")) as db:
        return int(db.execute("SELECT count(*) FROM snapshot").fetchone()[0])


def test_everything_comes_back_as_it_was_left(tmp_path: Path) -> None:
    view = {"window": [-160, 240], "plane": 0, "index": 3, "visible": {"mask": False}}
    with project_of(tmp_path) as project:
        paint(project, 1, 2)
        project.mark_done(CASE, 0, 3, True)
        project.mark_done(CASE, 2, 9, True)
        project.mark_done(CASE, 0, 3, False)
        project.record(
            CASE, "do", told_of({"label": 1, "engine": "test", "score": np.float32(0.5)})
        )
        project.save_view(CASE, view)
        before = project.load(CASE)
    with open_project(tmp_path / "project") as project:
        after = project.load(CASE)
        assert project.last_case == CASE
        assert project.case(CASE).opened is not None
    assert np.array_equal(after.labels, before.labels)
    assert after.done == {(2, 9)}
    assert after.outlines == ({"label": 1, "engine": "test", "score": 0.5},)
    assert after.view == view


def test_what_is_told_of_outlines_goes_and_comes_with_their_steps(tmp_path: Path) -> None:
    kept = [told_of({"engine": name}, {"engine": name, "slice": 2}) for name in "abc"]
    with project_of(tmp_path, images=2) as project:
        project.record("case-002", "do", told_of({"engine": "of another case"}))
        for n, step in enumerate(kept, start=1):
            project.record(CASE, "do", step)
            paint(project, n)

    def told() -> str:
        return "".join(outline["engine"] for outline in project.load(CASE).outlines)

    def go(change: str, steps: int) -> None:
        for _ in range(steps):
            history = project.load(CASE).history
            step = (history.done if change == "undo" else history.undone)[-1]
            project.record(CASE, change, step)

    with open_project(tmp_path / "project") as project:  # every step is one read from the disk
        assert told() == "aabbcc"
        for change, steps, left in (("undo", 1, "aabbcc"), ("undo", 1, "aabb"), ("undo", 2, "aa")):
            go(change, steps)
            assert told() == left
        go("redo", 3)
        assert told() == "aabbcc"
        go("undo", 3)
        project.record(CASE, "do", told_of({"engine": "d"}))
        assert told() == "aad", "what was taken back is not told of on another way"
        assert project.find_problems() == ()
        assert [o["engine"] for o in project.load("case-002").outlines] == ["of another case"]


def test_many_steps_leave_a_snapshot_and_the_same_state(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        labels = np.zeros(SHAPE, np.uint8)
        steps = []
        for n in range(260):
            steps.append(brush(labels, n + 1 if n < 250 else 7, (n % 6, n % 6, n % 8), f"step {n}"))
            project.record(CASE, "do", steps[-1])
        first = project.load(CASE)
    assert snapshots(tmp_path) == 1
    with open_project(tmp_path / "project") as project:
        for n in range(259, 229, -1):  # back beyond the snapshot and on another way
            project.record(CASE, "undo", steps[n])
        again = project.load(CASE)
        assert [step.words for step in again.history.done][-1] == "step 229"
        assert len(again.history.done) >= 100
        assert len(again.history.undone) == 30
        for n in range(230, 260):
            project.record(CASE, "redo", steps[n])
        second = project.load(CASE)
        labels_then = second.labels.copy()
        for _ in range(len(second.history.done)):
            step = second.history.undo()
            assert step is not None
            assert step.edit is not None
            step.edit.revert(labels_then)
    assert np.array_equal(first.labels, labels)
    assert np.array_equal(second.labels, labels)
    assert step.words == "step 60"


def test_reading_a_state_notes_nothing(tmp_path: Path) -> None:
    with project_of(tmp_path, images=2) as project:
        labels = np.zeros(SHAPE, np.uint8)
        for n in range(201):
            project.record("case-002", "do", brush(labels, n % 7 + 1, (n % 6, 0, 0)))
        project.load(CASE)
        assert np.array_equal(project.read_state("case-002").labels, labels)
        assert (project.last_case, project.case("case-002").opened) == (CASE, None)
        assert snapshots(tmp_path) == 0


def test_a_whole_mask_is_one_step(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1, 2)
        mask = np.zeros(SHAPE, bool)
        mask[2:4] = True
        project.replace_mask(CASE, mask, "Mask from a file")
        project.replace_mask(CASE, mask.astype(np.uint16), "The same again")
        state = project.load(CASE)
        assert np.array_equal(state.labels, mask)
        assert [step.words for step in state.history.done][-1] == "Mask from a file"
        with pytest.raises(GeometryError, match="as the image"):
            project.replace_mask(CASE, mask[1:], "Too small")
        with pytest.raises(UsageError, match="float64"):
            project.replace_mask(CASE, mask.astype(float), "No labels")


def test_label_maps_are_packed() -> None:
    for kind in (np.uint8, np.uint16, np.uint32):
        labels = np.random.default_rng(0).integers(0, np.iinfo(kind).max, SHAPE).astype(kind)
        back = unpack_labels(pack_labels(labels))
        assert back.dtype == kind
        assert np.array_equal(back, labels)
        back[0] = 0  # it is the caller's own
        for damaged in (pack_labels(labels)[:-20], pack_labels(labels)[:10], b""):
            with pytest.raises(UnreadableFileError, match="kept in the project"):
                unpack_labels(damaged)
