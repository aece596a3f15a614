from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_medssl.jobs.lock import FileLock

HOLDER = """
import sys
from pathlib import Path
from napari_medssl.jobs.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def other_process(path: Path) -> subprocess.Popen[str]:
    """A process that takes the lock, says whether it could, and lives until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_one_process_at_most_and_the_dead_hold_nothing(tmp_path: Path, how: str) -> None:
    path = tmp_path / "lock"
    with other_process(path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        ours = FileLock(path)
        assert not ours.take()
        holder.kill() if how == "is killed" else holder.communicate()
    assert ours.take()
    ours.give_back()


def test_what_was_given_back_can_be_taken(tmp_path: Path) -> None:
    ours = FileLock(tmp_path / "lock")
    ours.give_back()  # nothing to give back is no fault
    assert ours.take()
    ours.give_back()
    with other_process(tmp_path / "lock") as holder:
        assert holder.communicate()[0] == "True\n"


def test_a_child_of_the_holder_does_not_hold_it(tmp_path: Path) -> None:
    ours = FileLock(tmp_path / "lock")
    assert ours.take()
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
    ) as child:
        ours.give_back()
        with other_process(tmp_path / "lock") as next_one:
            assert next_one.communicate()[0] == "True\n"
        child.communicate(b"\n")
