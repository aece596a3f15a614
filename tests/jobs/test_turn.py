from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_medssl.errors import SaveError
from napari_medssl.jobs.turn import Turn

#: prints what coming at its turn said, each time a line comes in
WAITER = """
import sys
from pathlib import Path
from napari_medssl.jobs.turn import Turn
turn = Turn(Path(sys.argv[1]), sys.argv[2])
print("waits", flush=True)
for line in sys.stdin:
    if line == "back\\n":
        turn.give_back()
    print(turn.come() if line == "come\\n" else "done", flush=True)
"""


class Waiter:
    """Another process in the queue."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WAITER, str(folder), device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "waits\n"

    def ask(self, word: str) -> str:
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def waiters(tmp_path: Path):
    made: list[Waiter] = []

    def wait(device: str = "cpu") -> Waiter:
        made.append(Waiter(tmp_path, device))
        return made[-1]

    yield wait
    for one in made:
        one.kill()


def test_turns_come_in_the_order_of_coming(waiters) -> None:
    first, second, third = waiters(), waiters(), waiters()
    assert [third.ask("come"), second.ask("come"), first.ask("come")] == ["False", "False", "True"]
    assert second.ask("come") == "False"
    first.ask("back")
    assert [third.ask("come"), second.ask("come")] == ["False", "True"]


def test_who_died_waiting_or_working_holds_nobody_up(waiters) -> None:
    works, waits, last = waiters(), waiters(), waiters()
    assert works.ask("come") == "True"
    waits.kill()
    assert last.ask("come") == "False"
    works.kill()
    assert last.ask("come") == "True"


def test_who_stops_waiting_leaves_the_queue(waiters) -> None:
    first, second = waiters(), waiters()
    first.ask("back")
    assert second.ask("come") == "True"


def test_each_device_has_a_queue_of_its_own(waiters) -> None:
    here, there = waiters("cpu"), waiters("cuda:1")
    assert [here.ask("come"), there.ask("come")] == ["True", "True"]


def test_nothing_is_left_in_the_queue(tmp_path: Path) -> None:
    turn = Turn(tmp_path, "cuda:0")
    assert len(list((tmp_path / "cuda-0").glob("*.waits"))) == 1
    assert turn.come()
    turn.give_back()
    assert [path.name for path in (tmp_path / "cuda-0").iterdir()] == ["device"]


@pytest.mark.skipif(os.name == "nt", reason="a file in the place of a folder")
def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "devices").touch()
    with pytest.raises(SaveError, match="could not be written"):
        Turn(tmp_path / "devices", "cpu")
