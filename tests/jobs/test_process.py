from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil

from napari_medssl.jobs.process import (
    MARK,
    Process,
    end_processes,
    processes_of,
    read_process,
    write_process,
)

SLEEP = "import time; time.sleep(600)"


def test_this_process_is_alive_and_noted(tmp_path: Path) -> None:
    assert read_process(tmp_path) is None
    write_process(tmp_path)
    found = read_process(tmp_path)
    assert found == Process.this()
    assert found.is_alive


def test_another_process_with_the_same_number_is_another() -> None:
    here = Process.this()
    assert not replace(here, began="12 of another boot").is_alive
    assert not replace(here, began="").is_alive


def test_the_end_of_a_process_is_seen_even_before_it_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", SLEEP])
    from napari_medssl.jobs import process

    noted = replace(Process.this(), pid=child.pid, began=process._began(child.pid))
    assert noted.is_alive
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # its remains are there yet
    assert not noted.is_alive
    child.wait()
    assert not noted.is_alive


def test_elsewhere_nothing_can_be_known() -> None:
    there = replace(Process.this(), host="0123", pid=1, began="x")
    assert not there.is_here
    assert there.is_alive


def test_only_marked_processes_are_ended_and_stubborn_ones_too() -> None:
    stubborn = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', flush=True); time.sleep(600)"
    )
    mine = subprocess.Popen(
        [sys.executable, "-c", stubborn], env={**os.environ, MARK: "a-job"}, stdout=subprocess.PIPE
    )
    other = subprocess.Popen([sys.executable, "-c", SLEEP], env={**os.environ, MARK: "another"})
    assert mine.stdout is not None
    mine.stdout.readline()
    assert [process.pid for process in processes_of("a-job")] == [mine.pid]
    assert end_processes("a-job", 0.2) == 1
    assert not psutil.pid_exists(mine.pid)
    mine.wait()
    assert other.poll() is None
    other.kill()
    other.wait()
    mine.stdout.close()
