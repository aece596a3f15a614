"""What runs jobs. On this machine: a process each, which does not mind its starter's end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.job import LOG, STOP
from napari_medssl.jobs.lock import FileLock
from napari_medssl.jobs.process import (
    MARK,
    end_processes,
    forget_process,
    processes_of,
    read_process,
)

if TYPE_CHECKING:
    from napari_medssl.jobs.job import Job, Status

#: -P: what lies in the folder that a job is started from is not taken for our code
OUR_COMMAND = (sys.executable, "-P", "-m", "napari_medssl", "jobs", "exec")

_STARTING_S = 60.0
_LOOK_EVERY_S = 0.05
_SIGTERM_S = 3.0
_LETTING_GO_S = 3.0


class Engine(Protocol):
    """What a window or a command asks of whatever runs jobs, here or on a cluster."""

    def submit(self, job: Job) -> None:
        """Start a job, or go on with one that was interrupted, cancelled or failed."""

    def refresh(self, job: Job) -> None:
        """Ask whatever runs it for news, where a job cannot tell them itself; never raises."""

    def status(self, job: Job) -> Status:
        """Look how it is."""

    def logs(self, job: Job) -> str:
        """Return what it printed."""

    def stop(self, job: Job, *, patience_s: float) -> Status:
        """Ask it to stop and keep the best so far; end it if it does not."""


@dataclass(frozen=True)
class LocalEngine:
    """Runs jobs as processes of this machine.

    Parameters
    ----------
    command : tuple of str
        What is run with the job's folder behind it.
    """

    command: tuple[str, ...] = OUR_COMMAND

    def submit(self, job: Job) -> None:
        """Start a job's process in a session of its own, and wait until it has begun.

        Raises
        ------
        UsageError
            If it is done, or being worked on here or elsewhere.
        MedSSLError
            If its process does not begin.
        """
        before = read_process(job.folder)
        if before is not None:
            self._require_over(job)
            end_processes(job.spec.id, _SIGTERM_S)  # what the end of the process left behind
        lock = FileLock(job.folder / "lock")
        until = time.monotonic() + _LETTING_GO_S  # a killed process may hold it a little longer
        while not lock.take():
            if before is None or time.monotonic() > until:
                raise UsageError(f"the job '{job.spec.id}' is being worked on by another process")
            time.sleep(_LOOK_EVERY_S)
        lock.give_back()
        (job.folder / STOP).unlink(missing_ok=True)
        forget_process(job.folder)
        with (job.folder / LOG).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [*self.command, str(job.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=job.folder,
                env={**os.environ, MARK: job.spec.id},
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        # waited for, so that no remains of it are left while the starter lives
        threading.Thread(target=process.wait, daemon=True).start()
        until = time.monotonic() + _STARTING_S
        while read_process(job.folder) is None:
            if process.returncode is not None or time.monotonic() > until:
                raise MedSSLError(
                    f"the job '{job.spec.id}' did not start", do=f"Look into its '{LOG}'"
                )
            time.sleep(_LOOK_EVERY_S)

    def refresh(self, job: Job) -> None:
        """Do nothing: a job on this machine tells how it is in its folder."""

    def status(self, job: Job) -> Status:
        """Look how a job is."""
        return job.status()

    def logs(self, job: Job) -> str:
        """Return what a job and its children printed; empty where nothing was."""
        path = job.folder / LOG
        return path.read_text("utf-8", "replace") if path.is_file() else ""

    def stop(self, job: Job, *, patience_s: float = 15.0) -> Status:
        """Ask a job to stop; after a while end it, with all that it started.

        Parameters
        ----------
        job : Job
            The job.
        patience_s : float
            How long it may take to save what it has, in seconds.

        Returns
        -------
        Status
            Cancelled; or done or failed, if it ended so in the meantime.

        Raises
        ------
        UsageError
            If it has ended already, or runs on another machine.
        SaveError
            If the request cannot be written.
        """
        status = job.status()
        if status.state in ("done", "failed", "cancelled"):
            raise UsageError(f"the job '{job.spec.id}' is {status.state} already")
        self._require_here(job)
        job.ask_to_stop()
        until = time.monotonic() + patience_s
        while not status.is_over and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
            status = job.status()
        while processes_of(job.spec.id) and status.is_over and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)  # it is saying goodbye
        end_processes(job.spec.id, _SIGTERM_S)
        status = job.status()
        if status.state == "interrupted":
            log = EventLog(job.folder / EVENTS)
            words = "It was ended; what it had saved is kept."
            log.append("state", state="cancelled", message=words)
            log.close()
        return job.status()

    def _require_over(self, job: Job) -> None:
        status = job.status()
        if status.state == "done":
            raise UsageError(f"the job '{job.spec.id}' is done", do="Start another one")
        if not status.is_over:
            self._require_here(job)
            raise UsageError(f"the job '{job.spec.id}' is {status.state} already")

    def _require_here(self, job: Job) -> None:
        process = read_process(job.folder)
        if process is not None and not process.is_here:
            raise UsageError(
                f"the job '{job.spec.id}' runs on another machine", do="Look after it there"
            )
