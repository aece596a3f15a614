from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, in_a_child, paint, project_of

from napari_medssl.errors import ReadOnlyError
from napari_medssl.project import open_project, store

EDITS = 500


def change_lease(folder: Path, **values: object) -> None:
    """Alter the row by which a project is held."""
    with closing(sqlite3.connect(folder / "project" / "project.sqlite")) as db, db:
        for key, value in values.items():
            db.execute(f"UPDATE lease SET {key} = ?", (value,))  # noqa: S608


def test_the_second_window_may_look_until_the_first_is_closed(tmp_path: Path) -> None:
    with project_of(tmp_path) as first:
        steps = paint(first, 1)
        with open_project(tmp_path / "project") as second:
            assert second.read_only
            assert "open in another window on this machine since" in second.why_read_only
            with pytest.raises(ReadOnlyError, match="Close it there"):
                second.record(CASE, "undo", steps[0])
            steps += paint(first, 2)
            assert second.case(CASE).steps == 2  # it sees what the first does
            second.keep_alive()
        first.record(CASE, "undo", steps[1])
    with open_project(tmp_path / "project") as third:
        assert not third.read_only
        assert third.case(CASE).steps == 1


def test_a_window_that_was_killed_is_taken_over_at_once(tmp_path: Path) -> None:
    assert in_a_child(lambda: str(len(paint(project_of(tmp_path), 1, 2)))) == "2"
    with open_project(tmp_path / "project") as project:
        assert not project.read_only
        assert project.case(CASE).steps == 2


def test_another_process_with_the_same_number_is_not_taken_for_it(tmp_path: Path) -> None:
    in_a_child(lambda: str(project_of(tmp_path)))
    change_lease(tmp_path, pid=os.getpid(), since=time.time() - 1e6)  # we are younger than that
    with open_project(tmp_path / "project") as project:
        assert not project.read_only


def test_a_window_on_another_machine_is_believed_for_ten_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "on_a_share", lambda folder: True)
    in_a_child(lambda: str(project_of(tmp_path)))
    change_lease(tmp_path, host="elsewhere", beat=time.time() - 500, since=time.time() - 9e5)
    with open_project(tmp_path / "project") as project:
        assert project.read_only
        assert "on another machine since" in project.why_read_only
    change_lease(tmp_path, beat=time.time() - 700)
    with open_project(tmp_path / "project") as project:
        assert not project.read_only


def test_a_window_that_was_taken_for_dead_can_write_nothing(tmp_path: Path) -> None:
    first = project_of(tmp_path)
    steps = paint(first, 1)
    change_lease(tmp_path, host="elsewhere", beat=0.0)
    with open_project(tmp_path / "project") as second:
        assert not second.read_only
        with pytest.raises(ReadOnlyError, match="took the project over"):
            first.record(CASE, "undo", steps[0])
        assert first.read_only
        assert first.why_read_only
        assert second.case(CASE).steps == 1
        first.close()
        paint(second, 2)  # the first one's end took nothing away
        assert second.case(CASE).steps == 2


def test_a_living_window_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def beat() -> float:
        with closing(sqlite3.connect(tmp_path / "project" / "project.sqlite")) as db:
            return float(db.execute("SELECT beat FROM lease").fetchone()[0])

    with project_of(tmp_path) as project:
        before = beat()
        later = time.time() + 100
        monkeypatch.setattr(time, "time", lambda: later)
        project.set_status(CASE, "done")
        assert beat() == later > before
        monkeypatch.setattr(time, "time", lambda: later + 5)
        project.keep_alive()
        assert beat() == later + 5


def test_two_processes_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    project_of(tmp_path, images=2).close()

    def work(case: str) -> int:
        """Make half of all edits, a few whenever the other one lets go."""
        labels, kept = np.zeros(SHAPE, np.uint8), 0
        while kept < EDITS // 2:
            with open_project(tmp_path / "project") as project:
                for _ in range(0 if project.read_only else 25):
                    step = brush(labels, kept % 250 + 1, (kept % 6, kept % 5, kept % 7))
                    project.record(case, "do", step)
                    kept += 1
            time.sleep(0.002)
        return kept

    other = os.fork()
    if other == 0:
        code = 1
        try:
            code = work("case-002") != EDITS // 2
        finally:
            os._exit(code)
    assert work("case-001") == EDITS // 2
    assert os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]) == 0
    with open_project(tmp_path / "project") as project:
        assert [case.steps for case in project.cases()] == [EDITS // 2, EDITS // 2]
        assert project.find_problems() == ()
        assert project.unfinished is None
        one, two = (project.load(f"case-00{n}").labels for n in (1, 2))
        assert np.array_equal(one, two)
        assert one.max() > 200


def test_no_name_of_a_person_or_machine_is_kept(tmp_path: Path) -> None:
    import getpass
    import platform

    with project_of(tmp_path) as project:
        paint(project, 1)
        everything = b"".join(
            path.read_bytes() for path in (tmp_path / "project").iterdir() if path.is_file()
        )
    for name in (getpass.getuser(), platform.node()):
        assert len(name) < 5 or name.encode() not in everything
