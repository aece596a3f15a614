"""Who may write to a project: one window at a time, and what becomes of one that died."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import time
from datetime import datetime
from typing import TYPE_CHECKING

import psutil

from napari_medssl.errors import ReadOnlyError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from napari_medssl.project.store import Store

#: a window on another machine that has not been heard of for so long is taken for dead
SILENT_AFTER_S = 600.0
_BEAT_EVERY_S = 30.0
_CLOCK_SLACK_S = 5.0


class Lease:
    """The right to write to a project, kept as a row in its file.

    Every transaction begins by looking whether the row is still ours: a window that was taken for
    dead and wakes up again can write nothing. No name of a person or a machine is kept.

    Parameters
    ----------
    store : Store
        The project's file.

    Raises
    ------
    ReadOnlyError
        If a living window has it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token = secrets.token_hex(16)
        self._beat = time.time()
        place = _place(store.file)
        with store.transaction() as db:
            row = db.execute("SELECT * FROM lease").fetchone()
            if row is not None and _alive(row, place):
                raise ReadOnlyError(_since(row), do="Close it there, then open it again here")
            db.execute("DELETE FROM lease")
            db.execute(
                "INSERT INTO lease VALUES (1, ?, ?, ?, ?, ?, ?)",
                (self._token, _host(), place, os.getpid(), self._beat, self._beat),
            )
        store.settle()  # a copy of the file without its log will tell by this row that it is one
        store.check_each_change(self._require)

    def keep_alive(self) -> None:
        """Say that this window still lives; a window on a share does so every minute or so."""
        with self._store.transaction() as db:
            db.execute("UPDATE lease SET beat = ?", (time.time(),))

    def release(self) -> None:
        """Let another window write."""
        with self._store.transaction() as db:
            db.execute("DELETE FROM lease")

    def _require(self) -> None:
        if self._store.one("SELECT token FROM lease") != self._token:
            self._store.refusal = ReadOnlyError(
                "another window took the project over, as nothing was heard of this one",
                do="Close that one, then open the project again here",
            )
            raise self._store.refusal
        if time.time() - self._beat > _BEAT_EVERY_S:
            self._beat = time.time()
            self._store.rows("UPDATE lease SET beat = ?", self._beat)


def left_elsewhere(store: Store) -> bool:
    """Tell whether a file was copied here while a window had it open, or after one had died."""
    rows = store.rows("SELECT host, place FROM lease")
    return any((row["host"], row["place"]) != (_host(), _place(store.file)) for row in rows)


def _alive(row: sqlite3.Row, place: str) -> bool:
    if row["host"] != _host():
        return bool(time.time() - row["beat"] < SILENT_AFTER_S)
    if row["place"] != place:
        return False  # the row came here with a copy of the file
    try:
        process = psutil.Process(row["pid"])
        # a younger process has only inherited the number
        same = bool(process.create_time() <= row["since"] + _CLOCK_SLACK_S)
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _since(row: sqlite3.Row) -> str:
    since = datetime.fromtimestamp(row["since"])
    words = f"{since:%H:%M}"
    if since.date() != datetime.now().date():
        words = f"{since:%d %B %Y}, {words}"
    where = "on this machine" if row["host"] == _host() else "on another machine"
    return f"the project is open in another window {where} since {words}"


def _host() -> str:
    """Return what tells this machine from others, but not its name."""
    return hashlib.blake2b(platform.node().encode(), digest_size=8).hexdigest()


def _place(file: Path) -> str:
    """Return what tells a file in its folder from copies on the same machine."""
    found = file.stat()
    return f"{found.st_dev}:{found.st_ino}:{file.parent.stat().st_ino}"
