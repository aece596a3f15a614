"""What the Learn button says there is to learn."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from case_studies import CASE, paint, project_of
from test_project_versions import candidate

from napari_medssl.project import Project, open_project
from napari_medssl.project.learn_task import plan_round
from napari_medssl.project.new_corrections import NewCorrections, new_corrections

HOW = {"network": None, "minutes": 1.0, "steps": None, "threads": 1, "cross_validate": True}
LATER, LATEST = "2030-01-02T00:00:00+00:00", "2030-01-03T00:00:00+00:00"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Three cases: one done, one with two slices done, one untouched."""
    at(monkeypatch, "2030-01-01T00:00:00+00:00")
    with project_of(tmp_path, images=3) as opened:
        paint(opened, 1, 2)
        opened.set_status(CASE, "done")
        for index in (2, 3):
            opened.mark_done("case-002", 0, index, True)
        yield opened


def at(monkeypatch: pytest.MonkeyPatch, time: str) -> None:
    """Set the clock."""
    for module in ("cases", "steps", "marks", "ledger", "learn_task", "versions"):
        monkeypatch.setattr(f"napari_medssl.project.{module}.now", lambda: time)


def learn(project: Project, folder: Path) -> None:
    """Take in a model that learned all there is."""
    done = [case.id for case in project.cases() if case.status == "done" or case.done_slices]
    patients = {case.id: case.id for case in project.cases()}
    task = plan_round(project, done, patients, (None, "Nothing."), HOW)
    roles = {"training": task.training, "validation": task.validation, "test": task.test}
    learned = {"roles": roles, "planned": task.planned, "by_slices": task.by_slices}
    candidate(project, folder, b"a model", figures={"verdict": {"kind": "x"}, **learned})


def test_without_a_model_all_that_is_finished_is_new(project: Project) -> None:
    assert new_corrections(project) == NewCorrections(cases=1, slices=2)
    assert new_corrections(project).any


def test_what_was_learned_is_not_new_and_what_comes_later_is(project, tmp_path, monkeypatch):
    learn(project, tmp_path)
    assert new_corrections(project) == NewCorrections()
    assert not new_corrections(project).any
    at(monkeypatch, LATER)
    paint(project, 4, case="case-002")
    assert not new_corrections(project).any, "not finished"
    project.mark_done("case-002", 0, 5, True)
    assert new_corrections(project) == NewCorrections(slices=1)
    paint(project, 3)
    project.set_status("case-003", "done")
    assert new_corrections(project) == NewCorrections(cases=2, slices=1)
    project.set_status("case-002", "done")
    assert new_corrections(project) == NewCorrections(cases=3), "as a whole, and before by slices"


def test_corrections_made_while_it_learned_are_new(project, tmp_path, monkeypatch) -> None:
    done = [CASE]
    task = plan_round(project, done, {CASE: "a"}, (None, ""), HOW)
    at(monkeypatch, LATER)
    paint(project, 3)
    at(monkeypatch, LATEST)
    figures = {"roles": {"training": done}, "planned": task.planned}
    candidate(project, tmp_path, b"a model", figures=figures)
    assert new_corrections(project) == NewCorrections(cases=1, slices=2)


def test_a_model_that_does_not_tell_when_it_began_counts_from_when_it_came(
    project, tmp_path, monkeypatch
) -> None:
    at(monkeypatch, LATER)
    candidate(project, tmp_path, b"a model", figures={"roles": {"training": [CASE, "case-002"]}})
    assert not new_corrections(project).any
    at(monkeypatch, LATEST)
    paint(project, 3)
    assert new_corrections(project) == NewCorrections(cases=1)


def test_of_an_older_layout_and_only_looked_at(project: Project, tmp_path: Path) -> None:
    with open_project(project.folder, read_only=True) as looking:
        assert new_corrections(looking) == NewCorrections(1, 2)
    file = project.folder / "project.sqlite"
    project.close()
    with sqlite3.connect(file) as db:
        db.executescript(
            "DROP TABLE role; DROP TABLE model_case; DROP TABLE model; PRAGMA user_version = 1"
        )
    db.close()
    with open_project(tmp_path / "project", read_only=True) as looking:
        assert new_corrections(looking) == NewCorrections(1, 2)
