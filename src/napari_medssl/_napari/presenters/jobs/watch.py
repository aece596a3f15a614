"""Watching jobs: what a store holds, looked at again and again away from the window's thread."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.jobs.events import EVENTS
from napari_medssl.jobs.job import ENDED, Status, believed, status_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_medssl._napari.presenters.activity import Work
    from napari_medssl.jobs import Event, Job, JobStore, State

log = logging.getLogger(__name__)

_BLOCK = 1 << 20  # bytes of events read at once: far more than the longest line


@dataclass(frozen=True)
class Seen:
    """A job as it was seen last.

    Parameters
    ----------
    job : Job
        Its folder and its spec.
    status : Status
        How it is.
    before : State, optional
        The state in which the look before found it; None where it is seen for the first time.
    news : tuple of Event
        What it told since then; empty where it is seen for the first time: `Job.events` has it.
    """

    job: Job
    status: Status
    before: State | None = None
    news: tuple[Event, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether it ended between this look and the one before."""
        return self.before in ("queued", "running") and self.status.is_over


@dataclass(frozen=True)
class Look:
    """What one look at the jobs found.

    Parameters
    ----------
    jobs : tuple of Seen
        All jobs, the newest first.
    changed : tuple of Seen
        Those that are not as the look before found them; all of them at first.
    gone : tuple of str
        Ids of jobs that are not there any more.
    """

    jobs: tuple[Seen, ...] = ()
    changed: tuple[Seen, ...] = ()
    gone: tuple[str, ...] = ()


class JobWatch:
    """Looks at the jobs of a store in the background, and tells who listens what has changed.

    A panel makes its own, and calls `look` about once a second. What nobody wrote to since is
    not read again, so a look at hundreds of ended jobs takes milliseconds.

    Parameters
    ----------
    store : JobStore
        Whose jobs.
    work : Work
        The thread that looks; listeners are called on the window's thread.
    refresh : callable, optional
        Asks the cluster that a job was sent to: `Engines.refresh`.
    """

    def __init__(
        self, store: JobStore, work: Work, refresh: Callable[[Job], None] = lambda _: None
    ) -> None:
        self._store, self._work, self._refresh = store, work, refresh
        self._listeners: list[Callable[[Look], None]] = []
        self._looking = self._looked = self._failing = False
        self._last = Look()
        self._known: dict[Path, _Known] = {}  # the thread that looks alone touches it

    @property
    def jobs(self) -> tuple[Seen, ...]:
        """All jobs as they were seen last, the newest first."""
        return self._last.jobs

    def listen(self, callback: Callable[[Look], None]) -> Callable[[], None]:
        """Call back when anything has changed, and after the first look; return what ends it."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def look(self) -> None:
        """Look soon, unless a look is under way."""
        if not self._looking:
            self._looking = True
            self._work.run(self._look, self._tell, self._failed)

    def _look(self) -> Look:
        """Look at every job; in the thread that looks."""
        before = {known.job.spec.id for known in self._known.values()}
        known: dict[Path, _Known] = {}
        for entry in self._store.entries():
            there = self._known.get(entry)
            if there is None or not there.job.folder.is_dir():
                job = self._store.at(entry)  # again each time: a spec may be about to be written
                there = _Known(job) if job is not None else None
            if there is not None:
                known[entry] = there
        self._known = known
        looked = [(one.look(self._refresh), one) for one in known.values()]
        looked.sort(key=lambda pair: (pair[1].job.spec.created, pair[1].job.spec.id), reverse=True)
        seen = tuple(one.seen for _, one in looked)
        changed = tuple(one.seen for is_new, one in looked if is_new)
        return Look(seen, changed, tuple(sorted(before - {one.job.spec.id for one in seen})))

    def _tell(self, look: Look) -> None:
        first, self._looked = not self._looked, True
        self._looking = self._failing = False
        self._last = look
        if look.changed or look.gone or first:
            for callback in list(self._listeners):
                callback(look)

    def _failed(self, error: Exception) -> None:
        if not self._failing:  # once, not every second
            log.error("the jobs could not be looked at", exc_info=error)
        self._looking, self._failing = False, True


class _Known:
    """A job, how far its events are read, and what they told so far."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.seen = Seen(job, Status("queued"))
        self._first = True
        self._told = Status("queued")
        self._at = 0

    def look(self, refresh: Callable[[Job], None]) -> bool:
        """Look again; tell whether it is not as it was."""
        size = _size(self.job.folder / EVENTS)
        if not self._first and size == self._at and self._told.state in ENDED:
            self.seen = Seen(self.job, self.seen.status, self.seen.status.state)
            return False
        if size < self._at:  # written anew
            self._told, self._at = Status("queued"), 0
        refresh(self.job)
        life = self.job.life()  # before the events: it may end between
        news = self._read_on()
        status = believed(self._told, life)
        changed = self._first or bool(news) or status != self.seen.status
        before = None if self._first else self.seen.status.state
        self.seen = Seen(self.job, status, before, () if self._first else tuple(news))
        self._first = False
        return changed

    def _read_on(self) -> list[Event]:
        news: list[Event] = []
        while True:
            events, at = self.job.events(self._at, _BLOCK)
            if at == self._at:
                return news
            self._told, self._at = status_from(events, self._told), at
            if not self._first:
                news += events


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
