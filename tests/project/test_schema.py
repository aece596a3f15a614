from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from napari_medssl.errors import ProjectError
from napari_medssl.project.schema import FILE_NAME, VERSION, build, require_project


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
