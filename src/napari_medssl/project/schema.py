"""What a project's file holds, and how to know one before SQLite touches it.

``VERSION`` grows with every change of the tables. A file of an older version is brought up to date
when it is opened for writing; one of a newer version is refused, and left as it is.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

from napari_medssl.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl.project.store import Store

FILE_NAME = "project.sqlite"
APPLICATION_ID = 0x6D73736C  # "mssl"
VERSION = 2

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_VERSION_AT, _APPLICATION_AT = 60, 68
_FROM_A_COPY = "Copy the project again from where it came, or take it from a backup"

#: Steps form a tree: each knows the step before it (0: an empty label map). What is undone stays,
#: so nothing is ever lost. The journal tells in order what was done and which step was then the
#: last: that is the state. The next redo is the youngest step that follows.
_FIRST = """
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE session (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  opened TEXT NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE lease (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  token TEXT NOT NULL, host TEXT NOT NULL, place TEXT NOT NULL, pid INTEGER NOT NULL,
  since REAL NOT NULL, beat REAL NOT NULL
);
CREATE TABLE label (
  value INTEGER PRIMARY KEY,
  name TEXT NOT NULL, colour TEXT NOT NULL, code TEXT,
  visible INTEGER NOT NULL, locked INTEGER NOT NULL
);
CREATE TABLE image_case (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL, path BLOB NOT NULL, volume INTEGER NOT NULL, series INTEGER,
  content TEXT NOT NULL UNIQUE, patient TEXT, modality TEXT NOT NULL, grid TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'new', note TEXT NOT NULL DEFAULT '',
  added TEXT NOT NULL, opened TEXT, view TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE step (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL REFERENCES image_case(id),
  parent INTEGER NOT NULL, depth INTEGER NOT NULL, prompts_at INTEGER NOT NULL,
  counts TEXT NOT NULL, fingerprint BLOB NOT NULL, packed BLOB NOT NULL
);
CREATE INDEX step_after ON step(case_id, parent);
CREATE TABLE snapshot (step_id INTEGER PRIMARY KEY REFERENCES step(id), packed BLOB NOT NULL);
CREATE TABLE journal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL REFERENCES image_case(id),
  session_id INTEGER NOT NULL REFERENCES session(id),
  change TEXT NOT NULL, step_id INTEGER NOT NULL REFERENCES step(id), top INTEGER NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX journal_of_case ON journal(case_id, id);
CREATE TABLE done_slice (
  case_id INTEGER NOT NULL REFERENCES image_case(id),
  axis INTEGER NOT NULL, slice INTEGER NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (case_id, axis, slice)
) WITHOUT ROWID;
CREATE TABLE outline (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL REFERENCES image_case(id),
  told TEXT NOT NULL
);
"""

#: Roles and what trained a model outlive a case that is purged, so that nothing that was learned
#: from is ever judged by: they name a case by its number and a patient by a mark.
_LEARNING = """
CREATE TABLE role (
  patient TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('training', 'validation', 'test')),
  since TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE model (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 TEXT NOT NULL UNIQUE,
  file TEXT NOT NULL, title TEXT NOT NULL, parent TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('candidate', 'current', 'former', 'rejected', 'kept')),
  made TEXT NOT NULL, figures TEXT NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX one_current ON model(state) WHERE state = 'current';
CREATE TABLE model_case (
  model_id INTEGER NOT NULL REFERENCES model(id),
  case_id INTEGER NOT NULL, patient TEXT NOT NULL,
  PRIMARY KEY (model_id, case_id)
) WITHOUT ROWID;
"""

#: what each version of the tables adds to the one before; what was once in the world stays
TABLES = {1: _FIRST, 2: _LEARNING}


def build(file: Path, settings: Mapping[str, str]) -> None:
    """Make the tables in a new file."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        for tables in TABLES.values():
            connection.executescript(tables)
        connection.executemany("INSERT INTO setting VALUES (?, ?)", settings.items())
        connection.commit()


def require_project(file: Path) -> bytes:
    """Return the file's header if it is a project of a version we know.

    Raises
    ------
    ProjectError
        If it is missing, no project, or of a newer version; it was not touched then.
    """
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "is not in the folder"
        raise ProjectError(
            f"'{FILE_NAME}' {what}",
            expected="the folder of a project",
            do="Choose the project's own folder, or make one with 'medssl project new'",
        )
    try:
        with file.open("rb") as opened:
            header = opened.read(_HEADER_BYTES)
    except OSError as error:
        raise ProjectError(
            f"'{FILE_NAME}' may not be read", do="Ask its owner for permission"
        ) from error
    if len(header) < _HEADER_BYTES and _MAGIC.startswith(header[: len(_MAGIC)]):
        raise ProjectError(
            f"'{FILE_NAME}' is {'empty' if not header else 'cut off'}", do=_FROM_A_COPY
        )
    if not header.startswith(_MAGIC) or _number(header, _APPLICATION_AT) != APPLICATION_ID:
        raise ProjectError(
            f"'{FILE_NAME}' is not a project of ours", do="Choose the project's own folder"
        )
    _require_known(_number(header, _VERSION_AT))
    return header


def version_of(store: Store) -> int:
    """Return the version of a file's tables; one that is only looked at may be an older one."""
    return int(store.one("PRAGMA user_version"))


def bring_up_to_date(store: Store) -> None:
    """Add the tables that a file of an older version does not have, all of them or none.

    Raises
    ------
    ProjectError
        If it is of a newer version, which its header did not tell yet.
    SaveError
        If there is no room; the file is as it was then.
    """
    found = version_of(store)
    _require_known(found)
    if found == VERSION:
        return
    with store.transaction() as db:
        for version in range(found + 1, VERSION + 1):
            for statement in filter(str.strip, TABLES[version].split(";")):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
    store.settle()  # older programs look into the header, not into the log


def _require_known(version: int) -> None:
    if version > VERSION:
        raise ProjectError(
            f"the project was made by a newer napari-medssl (layout {version})",
            expected=f"layout {VERSION} or older",
            do="Update napari-medssl; the project was not touched",
        )


def _number(header: bytes, at: int) -> int:
    return int(struct.unpack_from(">I", header, at)[0])
