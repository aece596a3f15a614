"""Planning a round of learning: what is told before is what is done, and telling writes nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from case_studies import project_of

from napari_medssl.errors import UsageError
from napari_medssl.project import Project, open_project
from napari_medssl.project.learn_plan import coming_sides, finished_cases, plan_learning
from napari_medssl.project.ledger import roles

HOW = {"network": None, "minutes": None, "steps": 1, "threads": 1, "cross_validate": True}


@pytest.fixture
def project(tmp_path: Path):
    with project_of(tmp_path, images=5) as opened:
        for case in opened.cases()[:4]:
            opened.set_status(case.id, "done")
        yield opened


def start(in_use, labels, modalities, slices):
    """Begin with nothing; tell what it was decided by."""
    return SimpleNamespace(path=None, words=f"{in_use} {labels} {sorted(modalities)} {slices}")


def test_what_is_told_before_is_what_is_done(project: Project) -> None:
    known: dict[str, str] = {}
    told = coming_sides(project, finished_cases(project), str, known)
    assert roles(project) == {}
    with open_project(project.folder, read_only=True) as looking:
        assert coming_sides(looking, finished_cases(looking), str, known) == told
    task = plan_learning(project, str, start, HOW)
    assert (task.training, task.validation, task.test) == (
        told.training,
        told.validation,
        told.test,
    )
    assert told.patients() == len(roles(project)) == 4
    assert told.patients(told.training) == len(told.training)
    assert task.start_words == "None {} ['OT'] 6"


def test_marks_are_worked_out_once(project: Project) -> None:
    done = finished_cases(project)
    names = {f"name {case.name}": case.name for case in done}
    sides = coming_sides(project, done, str, dict(names))
    assert set(sides.marks.values()) == set(names.values()), "those that were known are taken"


def test_nothing_done_is_said(tmp_path: Path) -> None:
    with project_of(tmp_path) as empty, pytest.raises(UsageError, match="no case of this project"):
        finished_cases(empty)
