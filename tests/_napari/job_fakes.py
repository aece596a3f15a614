"""Jobs that never run: folders with what a job would have told, and an engine that notes."""

from __future__ import annotations

from pathlib import Path

from napari_medssl.jobs import Job, JobStore, Status, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.process import write_process


class FakeEngine:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.submitted: list[Job] = []
        self.stopped: list[Job] = []

    def submit(self, job: Job) -> None:
        self.submitted.append(job)
        write_process(job.folder)

    def stop(self, job: Job, *, patience_s: float) -> Status:
        self.stopped.append(job)
        tell(job, state="cancelled")
        return job.status()

    def refresh(self, job: Job) -> None:
        """A job tells of itself."""

    def status(self, job: Job) -> Status:
        return job.status()

    def logs(self, job: Job) -> str:
        return ""


def make_job(store: JobStore, kind="count", arguments=None, *, at: Path | None = None, **spec):
    """A job that this process works on, and that is running."""
    job = store.create(new_spec(kind, arguments or {}, **spec), at=at)
    write_process(job.folder)
    tell(job, state="running")
    return job


def tell(job: Job, *, state: str = "", message: str = "", **progress) -> None:
    """Let a job tell its state or its progress."""
    with_log(job, lambda log: log.append("progress", **progress) if progress else None)
    if state:
        facts = {"message": message} if message else {}
        with_log(job, lambda log: log.append("state", state=state, **facts))


def measure(job: Job, step: int, **values) -> None:
    """Let a job tell numbers."""
    with_log(job, lambda log: log.append("metric", step=step, **values))


def warn(job: Job, text: str) -> None:
    """Let a job warn."""
    with_log(job, lambda log: log.append("warning", text=text))


def with_log(job: Job, do) -> None:
    log = EventLog(job.folder / EVENTS)
    do(log)
    log.close()
