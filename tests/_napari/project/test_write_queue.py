"""Writes in order in a thread of their own; nothing is dropped."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from napari_medssl._napari.presenters.project.write_queue import Backlog, WriteQueue
from napari_medssl.errors import SaveError


@pytest.fixture
def queue():
    return WriteQueue(lambda: None)


class Disk:
    """Takes writes, unless it is full; a gate holds it where a test wants it to."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.full = False
        self.gate = threading.Event()
        self.gate.set()

    def write(self, name: str):
        def do() -> None:
            assert self.gate.wait(10)
            if self.full:
                raise SaveError(f"'{name}' did not fit")
            self.written.append(name)

        return do


def test_writes_happen_in_order_and_off_the_calling_thread(queue):
    threads, written = set(), []
    for number in range(200):
        queue.put(lambda n=number: (written.append(n), threads.add(threading.get_ident())))
    assert queue.wait(10) == Backlog()
    assert written == list(range(200))
    assert threads != {threading.get_ident()}
    assert len(threads) == 1


def test_a_failed_write_is_kept_and_holds_back_the_rest(queue):
    disk = Disk()
    disk.full = True
    disk.gate.clear()
    for name in "abc":
        queue.put(disk.write(name))
    disk.gate.set()
    left = queue.wait(10)
    assert left.waiting == 3
    assert str(left.problem) == "'a' did not fit."
    disk.full = False
    queue.retry()
    assert queue.wait(10) == Backlog()
    assert disk.written == ["a", "b", "c"]


def test_the_next_write_tries_the_failed_one_again(queue):
    disk = Disk()
    disk.full = True
    queue.put(disk.write("a"))
    assert queue.wait(10).problem is not None
    disk.full = False
    queue.put(disk.write("b"))
    assert queue.wait(10) == Backlog()
    assert disk.written == ["a", "b"]


def test_a_newer_write_on_a_topic_replaces_one_that_waits(queue):
    disk = Disk()
    disk.gate.clear()
    queue.put(disk.write("first view"), topic="view")  # is in hand already, so it stays
    queue.put(disk.write("second view"), topic="view")
    queue.put(disk.write("stroke"))
    queue.put(disk.write("third view"), topic="view")
    assert queue.backlog.waiting == 3
    disk.gate.set()
    queue.wait(10)
    assert disk.written == ["first view", "stroke", "third view"]


def test_waiting_ends_when_the_time_is_over(queue):
    disk = Disk()
    disk.gate.clear()
    queue.put(disk.write("a"))
    assert queue.wait(0.05) == Backlog(1)
    disk.gate.set()
    assert queue.wait(10) == Backlog()


def test_what_the_user_gives_up_is_dropped(queue):
    disk = Disk()
    disk.full = True
    queue.put(disk.write("a"))
    queue.wait(10)
    queue.drop()
    disk.full = False
    queue.put(disk.write("b"))
    queue.wait(10)
    assert disk.written == ["b"]


def test_a_closed_queue_writes_what_waits_and_takes_nothing_more(queue):
    disk = Disk()
    disk.gate.clear()
    queue.put(disk.write("a"))
    queue.close(disk.write("last"))
    queue.put(disk.write("late"))
    disk.gate.set()
    assert queue.wait(10) == Backlog()
    assert disk.written == ["a", "last"]


def test_every_change_of_the_backlog_is_told():
    heard = []
    queue = WriteQueue(lambda: heard.append(queue.backlog.waiting))
    queue.put(lambda: None)
    queue.wait(10)
    for _ in range(100):  # the last word comes just after the last write
        if heard[-1] == 0:
            break
        threading.Event().wait(0.01)
    assert heard[-1] == 0


def test_a_program_that_ends_without_closing_anything_finishes_its_writes():
    code = (
        "import time\n"
        "from napari_medssl._napari.presenters.project.write_queue import WriteQueue\n"
        "queue = WriteQueue(lambda: None)\n"
        "for n in range(5):\n"
        "    queue.put(lambda n=n: (time.sleep(0.02), print(n, flush=True)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1", "2", "3", "4"]


def test_a_queue_that_is_closed_on_a_full_disk_does_the_last_thing_all_the_same(queue, caplog):
    disk, closed = Disk(), []
    disk.full = True
    for name in "ab":
        queue.put(disk.write(name))
    assert queue.wait(10).waiting == 2
    queue.close(lambda: closed.append(disk.written))
    assert queue.wait(10).waiting == 0
    assert closed == [[]]
    assert "2 changes were lost" in caplog.text


def test_a_change_that_comes_after_closing_is_in_the_log(queue, caplog):
    queue.close(lambda: None)
    queue.put(lambda: None)
    assert "a change came after its project was closed" in caplog.text


def test_what_is_done_between_writes_is_no_write(queue):
    disk, done = Disk(), threading.Event()
    disk.full = True
    queue.put(disk.write("a"))
    queue.wait(10)

    def fail() -> None:
        raise SaveError("another window took the project over")

    queue.run_between(fail)
    queue.run_between(done.set)
    assert done.wait(10), "neither the full disk nor what failed holds it back"
    assert queue.backlog.waiting == 1
