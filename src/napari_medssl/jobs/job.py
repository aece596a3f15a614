"""A job as its folder tells it: what it is to do, how far it is, how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_medssl.jobs.events import EVENTS, read_events
from napari_medssl.jobs.files import not_saved
from napari_medssl.jobs.process import read_process
from napari_medssl.jobs.sent import Life, life_of
from napari_medssl.jobs.spec import JobSpec, read_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_medssl.jobs.events import Event

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

LOG, STOP = "log.txt", "stop"
_STARTING_S = 60.0
_WITHOUT_A_WORD = (
    "Its process ended without a word: it was killed, or the machine was switched off."
)


@dataclass(frozen=True)
class Status:
    """How a job is.

    Parameters
    ----------
    state : {"queued", "running", "done", "failed", "cancelled", "interrupted"}
        Interrupted: its process ended without a word, as when the machine was switched off.
    done, total : float
        How much of how much is finished, in the recipe's own measure; 0 of 0 when not told.
    doing : str
        What it is at, in words.
    seconds_left : float or None
        About how long it will take yet.
    message : str
        Why it failed, or what there is to know about its end.
    metrics : mapping
        The last numbers that were told.
    warnings : tuple of str
        All warnings.
    since : float or None
        When it came into this state, in seconds since 1970, where that was told.
    """

    state: State
    done: float = 0
    total: float = 0
    doing: str = ""
    seconds_left: float | None = None
    message: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    since: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come unless it is resumed."""
        return self.state not in ("queued", "running")


@dataclass(frozen=True)
class Job:
    """A job's folder.

    Parameters
    ----------
    folder : Path
        Holds spec.json, events.jsonl, log.txt and artifacts.
    spec : JobSpec
        What it is to do.
    """

    folder: Path
    spec: JobSpec

    @classmethod
    def at(cls, folder: Path) -> Job:
        """Open a job's folder.

        Raises
        ------
        UnreadableFileError
            If it is none.
        """
        return cls(folder.absolute(), read_spec(folder))

    @property
    def artifacts(self) -> Path:
        """Where what it makes is."""
        return self.folder / "artifacts"

    @property
    def stop_asked(self) -> bool:
        """Whether it is to stop and keep the best so far."""
        return (self.folder / STOP).exists()

    def ask_to_stop(self) -> None:
        """Ask it to stop and keep the best so far, and do not wait.

        Raises
        ------
        SaveError
            If the request cannot be written.
        """
        try:
            (self.folder / STOP).touch()
        except OSError as error:
            raise not_saved(error, self.folder / STOP) from error

    def events(self, start: int = 0, most: int = -1) -> tuple[list[Event], int]:
        """Return what it told from an offset on, and the next offset: see `read_events`."""
        return read_events(self.folder / EVENTS, start, most)

    def status(self) -> Status:
        """Look how it is."""
        life = self.life()  # before the events: it may end between
        events, _ = self.events()
        return believed(status_from(events), life)

    def life(self) -> Life:
        """Tell whether anybody works on it, or is about to; of a cluster, what was heard last."""
        elsewhere = life_of(self.folder)
        if elsewhere is not None:
            return elsewhere
        process = read_process(self.folder)
        return Life(self._is_starting() if process is None else process.is_alive)

    def _is_starting(self) -> bool:
        made = datetime.fromisoformat(self.spec.created).timestamp() if self.spec.created else 0
        return time.time() - made < _STARTING_S


def status_from(events: Iterable[Event], before: Status | None = None) -> Status:
    """Put together what a job told; as queued as it is in the beginning, or as it was before."""
    now = before or Status("queued")
    state, message, since = now.state, now.message, now.since
    done, total, doing, left = now.done, now.total, now.doing, now.seconds_left
    metrics, warnings = dict(now.metrics), list(now.warnings)
    for event in events:
        facts = event.facts
        if event.kind == "state" and facts.get("state") in get_args(State):
            state, since, message = facts["state"], event.time, str(facts.get("message", ""))
        elif event.kind == "progress":
            done, total = float(facts.get("done") or 0), float(facts.get("total") or 0)
            doing, left = str(facts.get("doing") or ""), facts.get("seconds_left")
        elif event.kind == "metric":
            metrics |= facts
        elif event.kind == "warning":
            warnings.append(str(facts.get("text", "")))
    left = left if state == "running" else None
    return Status(state, done, total, doing, left, message, metrics, tuple(warnings), since)


def believed(told: Status, life: Life) -> Status:
    """Return what is to be believed of a job that nobody may be at work on any more."""
    if told.state in ENDED:
        return told
    if life.at_work:
        return replace(told, doing=told.doing or life.words) if told.state == "queued" else told
    why = life.words or _WITHOUT_A_WORD
    return replace(told, state="interrupted", message=why, seconds_left=None)
