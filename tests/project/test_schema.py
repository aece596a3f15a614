from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from case_studies import CASE, paint, project_of

from napari_medssl.errors import ProjectError, SaveError
from napari_medssl.project import open_project
from napari_medssl.project.ledger import assign_roles, roles
from napari_medssl.project.schema import (
    APPLICATION_ID,
    FILE_NAME,
    TABLES,
    VERSION,
    build,
    require_project,
)
from napari_medssl.project.versions import versions

#: what was once in the world never changes
FIRST_TABLES = "361b7b20d0fe54a90151fb1f226dd547b57c5ab45e46e2d94980ce0cd909cc1e"


def as_it_was(folder: Path) -> Path:
    """A project of the first layout, with a case and a stroke on it."""
    with project_of(folder) as project:
        paint(project, 1)
    file = folder / "project" / FILE_NAME
    old = file.with_name("old")
    with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(old)) as db:
        db.executescript(TABLES[1])
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
        tables = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in now.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608
                places = ", ".join("?" * len(row))
                db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", row)  # noqa: S608
        db.commit()
        assert ("role",) not in tables
    old.replace(file)
    return file.parent


def test_the_first_layout_is_what_it_was() -> None:
    assert hashlib.sha256(TABLES[1].encode()).hexdigest() == FIRST_TABLES


def test_an_older_file_is_looked_at_as_it_is_and_brought_up_to_date_to_change_it(
    tmp_path: Path,
) -> None:
    folder = as_it_was(tmp_path)
    before = (folder / FILE_NAME).read_bytes()
    with open_project(folder, read_only=True) as project:
        assert roles(project) == {}
        assert versions(project) == ()
        assert project.read_state(CASE).labels.max() == 1
        assert project.find_problems() == ()
    assert (folder / FILE_NAME).read_bytes() == before
    with open_project(folder) as project:
        assert assign_roles(project, ["p"]) == {"p": "training"}
        assert project.read_state(CASE).labels.max() == 1
        assert project.find_problems() == ()
        header = require_project(folder / FILE_NAME)
        assert int.from_bytes(header[60:64], "big") == VERSION, "an older program would see it"
    with open_project(folder) as project:
        assert roles(project) == {"p": "training"}


def test_without_room_an_older_file_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = as_it_was(tmp_path)
    broken = {**TABLES, 2: TABLES[2] + "CREATE TABLE role (again TEXT);"}
    monkeypatch.setattr("napari_medssl.project.schema.TABLES", broken)
    with pytest.raises((SaveError, ProjectError)):
        open_project(folder)
    monkeypatch.undo()
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert not db.execute("SELECT * FROM sqlite_schema WHERE name = 'role'").fetchall()


def test_a_new_file_is_known_by_its_header(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    build(file, {"name": "Study"})
    assert len(require_project(file)) == 100
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT value FROM setting").fetchone() == ("Study",)
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(ProjectError, match="Update napari-medssl"):
        require_project(file)
