from __future__ import annotations

from pathlib import Path

import numpy as np
from case_studies import CASE, in_a_child, paint, project_of

from napari_medssl.correct import Step
from napari_medssl.project import open_project
from napari_medssl.project.dataset_out import export_dataset
from napari_medssl.project.mask_files import export_masks
from napari_medssl.project.masks import export_mask
from napari_medssl.project.msd import MsdLayout


def crash_after(folder: Path, *values: int, case: str = CASE) -> None:
    """Paint in a process that ends without closing the project."""

    def work() -> str:
        paint(open_project(folder / "project"), *values, case=case)
        return "painted"

    assert in_a_child(work) == "painted"


def test_a_window_that_closed_well_leaves_nothing_to_ask(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        assert project.unfinished is None
        paint(project, 1)
    with open_project(tmp_path / "project") as project:
        assert project.unfinished is None


def test_a_killed_window_leaves_a_question_and_all_its_steps(tmp_path: Path) -> None:
    project_of(tmp_path, images=2).close()
    crash_after(tmp_path, 1, 2, 3, case="case-002")
    with open_project(tmp_path / "project", read_only=True) as project:
        assert project.unfinished is None  # for the window that may change something
    with open_project(tmp_path / "project") as project:
        left = project.unfinished
        assert left is not None
        assert (left.case, left.steps) == ("case-002", 3)
        assert left.since <= left.last
        assert project.load("case-002").labels.max() == 3
    with open_project(tmp_path / "project") as project:
        assert project.unfinished is None  # the case was looked at, and the window closed well


def test_a_killed_window_in_which_nothing_was_done_is_no_question(tmp_path: Path) -> None:
    project_of(tmp_path).close()
    crash_after(tmp_path)
    with open_project(tmp_path / "project") as project:
        assert project.unfinished is None


def test_the_question_outlives_a_command_and_a_second_crash(tmp_path: Path) -> None:
    project_of(tmp_path).close()
    crash_after(tmp_path, 1)
    with open_project(tmp_path / "project") as project:
        project.set_status(CASE, "flagged")  # as a command does; nobody has looked yet
    crash_after(tmp_path, 2)
    with open_project(tmp_path / "project") as project:
        assert project.unfinished is not None
        assert project.unfinished.steps == 2


def test_the_question_outlives_an_export(tmp_path: Path) -> None:
    project_of(tmp_path, images=2).close()
    crash_after(tmp_path, 1)
    with open_project(tmp_path / "project") as project:
        opened_last = project.last_case
        export_masks(project, tmp_path / "masks", everything=True)
        export_dataset(project, tmp_path / "msd", MsdLayout(), everything=True)
        export_mask(project, "case-002", tmp_path / "mask.nii")
        assert project.last_case == opened_last == CASE
        assert project.case("case-002").opened is None
    with open_project(tmp_path / "project") as project:
        assert project.unfinished is not None


def test_rewinding_goes_back_to_the_opening_and_undo_brings_all_back(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1, 2)
        project.record(CASE, "do", Step("Point", None, ([], ["old"])))
        opened = project.load(CASE)

    def work() -> str:
        project = open_project(tmp_path / "project")
        state = project.load(CASE)
        for _ in range(2):  # beyond the opening, and on another way
            step = state.history.undo()
            assert step is not None
            project.record(CASE, "undo", step)
        paint(project, 7, 8, 9)
        project.record(CASE, "do", Step("Point", None, ([], ["new"])))
        return "painted"

    assert in_a_child(work) == "painted"
    with open_project(tmp_path / "project") as project:
        crashed = project.load(CASE)
        assert set(np.unique(crashed.labels)) == {0, 1, 7, 8, 9} - {1} | {7}
        project.rewind(CASE)
        back = project.load(CASE)
        assert np.array_equal(back.labels, opened.labels)
        assert back.prompts == ["old"]
        step = back.history.undo()
        assert step is not None
        project.record(CASE, "undo", step)
        again = project.load(CASE)
        assert np.array_equal(again.labels, crashed.labels)
        assert again.prompts == ["new"]
        project.record(CASE, "redo", step)
    with open_project(tmp_path / "project") as project:
        assert project.unfinished is None
        assert np.array_equal(project.load(CASE).labels, opened.labels)


def test_without_a_crash_rewinding_takes_back_this_session(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1)
        before = project.load(CASE).labels.copy()
    with open_project(tmp_path / "project") as project:
        paint(project, 2, 3)
        project.rewind(CASE)
        assert np.array_equal(project.load(CASE).labels, before)
        steps = project.case(CASE).steps
        project.rewind(CASE)  # nothing left to take back
        assert project.case(CASE).steps == steps
