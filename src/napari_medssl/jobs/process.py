"""The process of a job: told apart from others that were given its number, and ended whole."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from napari_medssl.errors import MedSSLError
from napari_medssl.jobs.files import get_json, put_json

if TYPE_CHECKING:
    from collections.abc import Iterable

#: in the environment of a job's process, and so of all that it starts: the id of the job
MARK = "MEDSSL_JOB"
_FILE = "process.json"
_ROUNDS = 3


@dataclass(frozen=True)
class Process:
    """A process, for good: no other one is ever equal to it.

    Parameters
    ----------
    pid : int
        Its number, which is given to another process some time after its end.
    began : str
        When it was started, as exactly as the system tells; with the boot it was started in.
    host : str
        What tells the machine from others, but not its name.
    """

    pid: int
    began: str
    host: str

    @classmethod
    def this(cls) -> Process:
        """Return the process that asks."""
        return cls(os.getpid(), _began(os.getpid()), _host())

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, on this machine."""
        return self.host == _host()

    @property
    def is_alive(self) -> bool:
        """Whether it runs; of a process elsewhere that cannot be known, and it is said to."""
        return not self.is_here or (bool(self.began) and _began(self.pid) == self.began)


def write_process(folder: Path) -> None:
    """Note in a job's folder that this process works on it."""
    put_json(folder / _FILE, asdict(Process.this()))


def read_process(folder: Path) -> Process | None:
    """Return who works or worked on a job; None if nobody began."""
    try:
        return Process(**get_json(folder / _FILE))
    except (MedSSLError, TypeError):
        return None


def forget_process(folder: Path) -> None:
    """Take the note away, before another process begins."""
    (folder / _FILE).unlink(missing_ok=True)


def processes_of(job_id: str) -> list[psutil.Process]:
    """Find all processes of a job: its own, their children, and those its end left behind."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == job_id:
                found.append(process)
    return found


def end_processes(job_id: str, patience_s: float) -> int:
    """End all processes of a job, at first politely; return how many there were."""
    ended: set[int] = set()
    for _ in range(_ROUNDS):  # one may start another while it is being ended
        there = processes_of(job_id)
        if not there:
            break
        ended |= {process.pid for process in there}
        _end(there, patience_s)
    return len(ended)


def end_children(patience_s: float) -> None:
    """End what this process started and what those started, and nothing else."""
    _end(psutil.Process().children(recursive=True), patience_s)


def _end(there: Iterable[psutil.Process], patience_s: float) -> None:
    there = list(there)
    for process in there:
        with suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(there, timeout=patience_s)
    for process in stubborn:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=patience_s)


def _began(pid: int) -> str:
    """Return when a process began; empty where there is none, or only its remains.

    Linux counts in ticks since the machine was started, which no change of the clock moves.
    """
    if sys.platform == "linux":
        try:
            told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
        except OSError:
            return ""
        after_name = told.rpartition(")")[2].split()
        return "" if after_name[0] in "ZX" else f"{after_name[19]} of {boot}"
    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return "" if ended else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


def _host() -> str:
    return hashlib.blake2b(platform.node().encode(), digest_size=8).hexdigest()
