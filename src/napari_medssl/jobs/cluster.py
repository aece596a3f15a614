"""Jobs on a cluster: sent, asked after, and stopped through its own few verbs."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_medssl.errors import MedSSLError, NoAnswerError, UsageError
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.homeward import own_words, take_in
from napari_medssl.jobs.job import ENDED, LOG, STOP
from napari_medssl.jobs.process import forget_process
from napari_medssl.jobs.sent import (
    Heard,
    Phase,
    Sent,
    note_silence,
    read_heard,
    read_sent,
    write_heard,
    write_sent,
)

if TYPE_CHECKING:
    from napari_medssl.jobs.job import Job, State, Status

_ASK_EVERY_S, _ASK_A_SILENT_ONE_EVERY_S = 2.0, 20.0
_LOOK_EVERY_S = 0.5
_ENDING_S, _LEAVING_S = 90.0, 10.0


@dataclass(frozen=True)
class Glimpse:
    """How a cluster says a job is.

    Parameters
    ----------
    phase : {"waits", "works", "over"}
        As `Heard` has it.
    words : str
        Why it is over, where the cluster tells.
    """

    phase: Phase
    words: str = ""


class Cluster(Protocol):
    """What a cluster can do; each raises `NoAnswerError` in a sentence if it does not answer."""

    def check(self) -> str:
        """Return in words what answered."""

    def send(self, job: Job, attempt: int) -> str:
        """Start a job there; return what the cluster calls it."""

    def look(self, handle: str) -> Glimpse:
        """Look how it is; of a job that the cluster does not know any more, over."""

    def printed(self, job: Job, handle: str) -> str:
        """Return what it printed there."""

    def end(self, handle: str) -> None:
        """End it: politely at first where the cluster does so."""


@dataclass(frozen=True)
class ClusterEngine:
    """Runs jobs on a cluster, behind the verbs of every engine.

    Parameters
    ----------
    name : str
        Of the engine, as the user calls it.
    cluster : Cluster
        What it can do.
    packed : bool
        Whether the cluster sees the job's folder, or its events and results are brought here.
    """

    name: str
    cluster: Cluster
    packed: bool = False

    def submit(self, job: Job) -> None:
        """Send a job, or send it again to go on where it was.

        Raises
        ------
        UsageError
            If it is done, or being worked on.
        MedSSLError
            If the cluster does not answer or refuses it; the job then is failed, and says why.
        """
        before = read_sent(job.folder)
        if before is not None:
            self._require_over(job)
        (job.folder / STOP).unlink(missing_ok=True)
        attempt = before.attempt + 1 if before is not None else 1
        _tell(job, "queued", "")
        try:
            handle = self.cluster.send(job, attempt)
        except MedSSLError as error:
            write_sent(job.folder, Sent(self.name, "", attempt))
            _tell(job, "failed", str(error))
            raise
        forget_process(job.folder)
        write_sent(job.folder, Sent(self.name, handle, attempt))

    def status(self, job: Job) -> Status:
        """Look how a job is."""
        self.refresh(job)
        return job.status()

    def logs(self, job: Job) -> str:
        """Return what a job printed; where it never began, what the cluster has to say."""
        path = job.folder / LOG
        own = path.read_text("utf-8", "replace") if path.is_file() else ""
        sent = read_sent(job.folder)
        if sent is None or not sent.handle or (own and not self.packed):
            return own
        with suppress(NoAnswerError):
            return own_words(self.cluster.printed(job, sent.handle)) or own
        return own

    def stop(self, job: Job, *, patience_s: float = 15.0) -> Status:
        """Ask a job to stop and keep the best so far; after a while have the cluster end it.

        Raises
        ------
        UsageError
            If it has ended already.
        NoAnswerError
            If the cluster does not answer.
        """
        status = self.status(job)
        if status.state in ENDED:
            raise UsageError(f"the job '{job.spec.id}' is {status.state} already")
        sent = read_sent(job.folder)
        job.ask_to_stop()
        if sent is None or not sent.handle:
            return job.status()
        until = time.monotonic() + patience_s
        waits = self.cluster.look(sent.handle).phase == "waits"
        if self.packed or waits or patience_s <= 0:
            self.cluster.end(sent.handle)
        while not (status := self.status(job)).is_over and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
        if not status.is_over:
            self.cluster.end(sent.handle)
            status = self._ended(job, sent.handle)
        if status.state == "interrupted":
            _tell(job, "cancelled", "It was ended; what it had saved is kept.")
        return job.status()

    def refresh(self, job: Job) -> None:
        """Ask the cluster after a job, not more often than sensible; never raises."""
        sent, heard = read_sent(job.folder), read_heard(job.folder)
        if sent is None or not sent.handle or (heard is not None and heard.phase == "over"):
            return
        heard = heard or Heard("waits", at=time.time())
        every = _ASK_EVERY_S if heard.asked <= heard.at else _ASK_A_SILENT_ONE_EVERY_S
        if time.time() - heard.asked < every:
            return
        try:
            heard = self._asked(job, sent.handle, heard)
            write_heard(job.folder, heard)
        except MedSSLError as error:
            note_silence(job.folder, str(error))

    def _asked(self, job: Job, handle: str, heard: Heard) -> Heard:
        """Return what the cluster says now, with what it brought home."""
        seen = self.cluster.look(handle)
        lines = heard.lines
        if self.packed and seen.phase != "waits":
            if job.stop_asked and seen.phase == "works":  # there is no other way to tell it
                self.cluster.end(handle)
            lines = take_in(job, self.cluster.printed(job, handle), lines)
        now = time.time()
        words = _ended_words(self.name, seen) if seen.phase == "over" else ""
        return Heard(seen.phase, words, at=now, asked=now, lines=lines)

    def _ended(self, job: Job, handle: str) -> Status:
        """Wait until the cluster has ended a job."""
        until = time.monotonic() + _ENDING_S
        while self.cluster.look(handle).phase != "over" and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
        time.sleep(_ASK_EVERY_S)
        return self.status(job)

    def _require_over(self, job: Job) -> None:
        status = self.status(job)
        if status.state == "done":
            raise UsageError(f"the job '{job.spec.id}' is done", do="Start another one")
        sent = read_sent(job.folder)
        until = time.monotonic() + _LEAVING_S
        while sent is not None and sent.handle and self.cluster.look(sent.handle).phase != "over":
            if not status.is_over or time.monotonic() > until:
                raise UsageError(f"the job '{job.spec.id}' is at work on '{self.name}' already")
            time.sleep(_LOOK_EVERY_S)


def _ended_words(name: str, seen: Glimpse) -> str:
    return f"It ended on '{name}' without a word. {seen.words}".rstrip()


def _tell(job: Job, state: State, message: str) -> None:
    log = EventLog(job.folder / EVENTS)
    log.append("state", state=state, **({"message": message} if message else {}))
    log.close()
