from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from case_studies import CASE, paint, project_of

from napari_medssl.errors import UnreadableFileError
from napari_medssl.project import open_project


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "UPDATE step SET packed = substr(packed, 1, 40) WHERE id = 2",
            "one of its steps is damaged",
        ),
        ("UPDATE step SET fingerprint = zeroblob(16) WHERE id = 2", "one of its steps is damaged"),
        ("UPDATE step SET parent = 77 WHERE id = 3", "one of its steps is missing"),
        ("INSERT INTO snapshot VALUES (2, 'none')", "a kept mask of it is damaged"),
    ],
)
def test_damage_inside_the_file_is_told(tmp_path: Path, change: str, words: str) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1, 2, 3)
        assert project.find_problems() == ()
    with closing(sqlite3.connect(tmp_path / "project" / "project.sqlite")) as db, db:
        db.execute(change)
    with open_project(tmp_path / "project") as project:
        (problem,) = project.find_problems()
        assert problem == f"{CASE}: {words}. Take the project from a backup."


def test_a_damaged_step_is_a_sentence_when_the_case_is_opened(tmp_path: Path) -> None:
    with project_of(tmp_path, images=2) as project:
        paint(project, 1, 2)
        paint(project, 3, case="case-002")
    with closing(sqlite3.connect(tmp_path / "project" / "project.sqlite")) as db, db:
        db.execute("UPDATE step SET packed = zeroblob(50) WHERE id = 1")
    with open_project(tmp_path / "project") as project:
        with pytest.raises(UnreadableFileError, match="step of the history is damaged"):
            project.load(CASE)
        assert project.load("case-002").labels.max() == 3
