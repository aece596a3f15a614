from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from case_studies import CASE, paint, project_of, told_of

from napari_medssl.errors import ProjectError, ReadOnlyError, SaveError
from napari_medssl.project import open_project, store
from napari_medssl.project.store import Store, told


def pragma(file: Path, name: str) -> str:
    opened = Store(file)
    with closing(opened):
        return str(opened.one(f"PRAGMA {name}"))


def test_a_local_disk_gets_a_log_and_every_commit_is_flushed(tmp_path: Path) -> None:
    project_of(tmp_path).close()
    file = tmp_path / "project" / "project.sqlite"
    assert pragma(file, "journal_mode") == "wal"
    assert pragma(file, "synchronous") == "2"  # FULL
    assert pragma(file, "secure_delete") == "1"


def test_a_share_gets_a_rollback_journal_and_loses_nothing_by_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1)
    monkeypatch.setattr(store, "on_a_share", lambda folder: True)
    file = tmp_path / "project" / "project.sqlite"
    assert pragma(file, "journal_mode") == "delete"
    assert pragma(file, "synchronous") == "3"  # EXTRA
    with open_project(tmp_path / "project") as project:
        paint(project, 2)
        with open_project(tmp_path / "project") as second:
            assert second.read_only
            assert second.case(CASE).steps == 2
        assert [path.name for path in file.parent.iterdir()] == [file.name]
    monkeypatch.undo()
    assert pragma(file, "journal_mode") == "wal"
    with open_project(tmp_path / "project") as project:
        assert project.case(CASE).steps == 2


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    project_of(tmp_path).close()
    with closing(Store(tmp_path / "project" / "project.sqlite")) as opened:

        def break_off() -> None:
            with opened.transaction() as db:
                db.execute("DELETE FROM image_case")
                raise KeyError

        with pytest.raises(KeyError):
            break_off()
        assert opened.one("SELECT count(*) FROM image_case") == 1
        with opened.transaction() as db:
            db.execute("UPDATE image_case SET name = 'other'")
        assert opened.one("SELECT name FROM image_case") == "other"


def test_many_threads_use_one_project(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        faults: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for n in range(20):
                    project.record(CASE, "do", told_of({"thread": number, "n": n}))
                    project.save_view(CASE, {"thread": number})
                    assert project.load(CASE).view
            except BaseException as error:  # noqa: BLE001 - told to the test
                faults.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        kept = [(o["thread"], o["n"]) for o in project.load(CASE).outlines]
        assert sorted(kept) == [(number, n) for number in range(6) for n in range(20)]


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_FULL, SaveError, r"disk is full or failed \([\d,.]+ MB are free\)"),
        (sqlite3.SQLITE_IOERR_FSYNC, SaveError, "everything saved before is unchanged"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, ReadOnlyError, "may not be written"),
        (sqlite3.SQLITE_CORRUPT, ProjectError, "take it from a backup"),
        (sqlite3.SQLITE_BUSY, ProjectError, "Try again in a moment"),
        (sqlite3.SQLITE_MISUSE, ProjectError, "medssl project check"),
    ],
)
def test_what_sqlite_says_becomes_a_sentence(
    tmp_path: Path, code: int, kind: type[Exception], words: str
) -> None:
    error = sqlite3.OperationalError(f"at {tmp_path}")
    error.sqlite_errorcode = code
    with pytest.raises(kind, match=words) as caught:
        raise told(error, tmp_path / "project.sqlite")
    assert str(tmp_path) not in str(caught.value)
