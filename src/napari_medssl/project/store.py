"""The one SQLite file of a project: each transaction is on the disk when it returns, or undone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from napari_medssl.errors import MedSSLError, ProjectError, ReadOnlyError, SaveError
from napari_medssl.project.place import on_a_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BUSY_S = 5.0
_FORBIDDEN = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN)
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Store:
    """A connection that any thread may use; one at a time has it.

    Parameters
    ----------
    file : Path
        The project's file.
    refusal : ReadOnlyError, optional
        Why nothing may be written, where nothing may.

    Raises
    ------
    ProjectError
        If it cannot be opened.
    """

    def __init__(self, file: Path, refusal: ReadOnlyError | None = None) -> None:
        self.file = file
        self.refusal = refusal
        self._lock = threading.RLock()
        self._check: Callable[[], None] = lambda: None
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = _connect(file, read_only=refusal is not None)
            self.one("SELECT count(*) FROM setting")
        except sqlite3.Error as error:
            raise told(error, file) from error
        except MedSSLError:
            self.close()
            raise

    def check_each_change(self, check: Callable[[], None]) -> None:
        """Call ``check`` at the beginning of every transaction; it raises to refuse."""
        self._check = check

    def require_writable(self) -> None:
        """Raise the refusal, if there is one."""
        if self.refusal is not None:
            raise ReadOnlyError(self.refusal.came, do=self.refusal.do)

    def rows(self, sql: str, *values: Any, **named: Any) -> list[sqlite3.Row]:
        """Return what a query gives."""
        with self._lock:
            try:
                return self._open.execute(sql, named or values).fetchall()
            except sqlite3.Error as error:
                raise told(error, self.file) from error

    def one(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row of a query, or None."""
        rows = self.rows(sql, *values)
        return rows[0][0] if rows else None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let several queries see one and the same state, whatever others write meanwhile."""
        with self._lock:
            self.rows("BEGIN")
            try:
                yield
            finally:
                self.rows("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Change something: all of it is on the disk afterwards, or nothing.

        Raises
        ------
        ReadOnlyError
            If the project may only be looked at.
        SaveError
            If it could not be written; what was saved before is as it was.
        """
        with self._lock:
            self.require_writable()
            connection = self._open
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._check()
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise told(error, self.file) from error
            finally:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")

    def settle(self) -> None:
        """Move what the log holds into the file itself, as far as nobody is in the way."""
        self.rows("PRAGMA wal_checkpoint(PASSIVE)")

    def shrink(self) -> bool:
        """Write the file anew without anything that was deleted; False if a reader is in the way.

        Raises
        ------
        SaveError
            If there is no room for it.
        """
        with self._lock:
            try:
                self._open.execute("VACUUM")
                busy, _, _ = self._open.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise told(error, self.file) from error
            return not busy

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise ProjectError("the project is closed", do="Open it again")
        return self._connection


def _connect(file: Path, *, read_only: bool) -> sqlite3.Connection:
    address = f"file:{quote(file.resolve().as_posix())}?mode={_mode(file, read_only=read_only)}"
    connection = sqlite3.connect(
        address, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")  # nothing of a patient in a loose file
        connection.execute("PRAGMA fullfsync = ON")  # on macOS a plain fsync is not enough
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            _choose_journal(connection, file.parent)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _mode(file: Path, *, read_only: bool) -> str:
    """How to open a file so that looking leaves nothing behind, and takes nothing away."""
    if not read_only:
        return "rw"
    if file.with_name(f"{file.name}-wal").exists():
        return "ro"  # a living window's log, or a dead one's: not ours to tidy up
    if os.access(file.parent, os.W_OK):
        return "rw"  # what SQLite makes beside the file it removes again
    return "ro" if file.with_name(f"{file.name}-journal").exists() else "ro&immutable=1"


def _choose_journal(connection: sqlite3.Connection, folder: Path) -> None:
    """A write-ahead log needs shared memory, which machines on one share do not have."""
    if on_a_share(folder):
        # with the file to itself SQLite reads a log that is already there without shared memory
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # lets go of the lock
    else:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")


def told(error: sqlite3.Error, file: Path) -> MedSSLError:
    """Return SQLite's error as a sentence."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in _NO_ROOM:
        free = "an unknown number of"
        with suppress(OSError):
            free = f"{shutil.disk_usage(file.parent).free / 1e6:,.1f}"
        return SaveError(
            f"'{file.name}' could not be written: the disk is full or failed ({free} MB are free)",
            do="Make room and do it again; everything saved before is unchanged",
        )
    if code in _FORBIDDEN:
        return ReadOnlyError(
            f"'{file.name}' may not be written, or its folder may not",
            do="Copy the project's folder to a place where you may write",
        )
    if code in _DAMAGED:
        return ProjectError(
            f"'{file.name}' is damaged or only a part of it is here",
            do="Copy the project's folder again from where it came, or take it from a backup",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ProjectError(f"'{file.name}' is busy in another window", do="Try again in a moment")
    return ProjectError(
        f"'{file.name}' could not be used ({type(error).__name__})",
        do="Run 'medssl project check' on its folder",
    )
