from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, crash_script, paint, project_of

from napari_medssl.correct import Edit, Step
from napari_medssl.errors import GeometryError, ProjectError
from napari_medssl.project import open_project


def test_a_thousand_random_steps_equal_a_plain_model(tmp_path: Path) -> None:
    script = crash_script()
    script.new_project(tmp_path)
    painter, checked = script.Painter(seed=5), 0
    while painter.steps < 1000:
        with open_project(tmp_path / "project") as project:
            for _ in range(50):
                change, step = painter.advance()
                project.record(CASE, change, step)
        with open_project(tmp_path / "project") as project:
            assert painter.found_in(project.load(CASE))
            checked += 1
            counts = np.bincount(painter.labels.ravel())
            found = {v: int(n) for v, n in enumerate(counts) if v and n}
            assert project.case(CASE).voxels == found
            assert project.case(CASE).steps == len(painter.done)
    assert checked == 20


def test_what_was_taken_back_can_be_made_again_after_reopening(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        first, second, third = paint(project, 1, 2, 3)
        project.record(CASE, "undo", third)
        project.record(CASE, "undo", second)
    with open_project(tmp_path / "project") as project:
        state = project.load(CASE)
        assert [step.words for step in state.history.done] == ["Brush 1"]
        assert [step.words for step in state.history.undone] == ["Brush 3", "Brush 2"]
        again = state.history.redo()
        assert again is not None
        project.record(CASE, "redo", again)
        assert project.case(CASE).voxels.keys() == {1, 2}
        project.record(CASE, "do", Step("Point", None, ([], ["here"])))
    with open_project(tmp_path / "project") as project:
        state = project.load(CASE)
        assert [step.words for step in state.history.done] == ["Brush 1", "Brush 2", "Point"]
        assert state.history.undone == ()
        assert state.prompts == ["here"]
        assert first.edit is not None


def test_a_step_that_does_not_follow_is_refused(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        first, second = paint(project, 1, 2)
        for change, step in (("undo", first), ("redo", second), ("redo", first)):
            with pytest.raises(ProjectError, match="does not follow the last one"):
                project.record(CASE, change, step)  # type: ignore[arg-type]
        project.record(CASE, "undo", second)
        project.record(CASE, "undo", first)
        with pytest.raises(ProjectError, match="Open the case again"):
            project.record(CASE, "undo", first)
        with pytest.raises(ProjectError):
            project.record(CASE, "redo", second)
        project.record(CASE, "redo", first)
        assert project.case(CASE).steps == 1


def test_a_step_outside_the_image_is_refused(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        large = np.zeros((SHAPE[0] + 1, *SHAPE[1:]), np.uint8)
        step = brush(large, 1, (SHAPE[0], 0, 0))
        with pytest.raises(GeometryError, match=r"\(6, 8, 10\)"):
            project.record(CASE, "do", step)
        assert project.case(CASE).steps == 0
        assert project.load(CASE).history.done == ()


def test_labels_beyond_a_byte_are_kept(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        empty = np.zeros(SHAPE, np.uint32)
        project.record(CASE, "do", brush(empty, 300, (0, 0, 0)))
        step = brush(empty, 4_000_000_000, (1, 0, 0))
        project.record(CASE, "do", step)
        project.record(CASE, "undo", step)
        state = project.load(CASE)
        assert state.labels.dtype == np.uint32  # what can be redone must fit too
        assert state.labels.max() == 300


def test_the_first_step_puts_a_new_case_in_work(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        project.set_status(CASE, "flagged")
        paint(project, 1)
        assert project.case(CASE).status == "flagged"
        project.set_status(CASE, "new")
        paint(project, 2)
        assert project.case(CASE).status == "in work"


def test_two_branches_are_kept_apart(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        (first,) = paint(project, 1)
        project.record(CASE, "undo", first)
        paint(project, 2)
        state = project.load(CASE)
        assert set(np.unique(state.labels)) == {0, 2}
        assert state.history.undone == ()
        assert Edit.between(state.labels, np.zeros(SHAPE, np.uint8)) is not None
