"""A job as its folder tells it: what it is to do, how far it is, how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_medssl.jobs.events import EVENTS, read_events
from napari_medssl.jobs.process import read_process
from napari_medssl.jobs.spec import JobSpec, read_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_medssl.jobs.events import Event

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

LOG, STOP = "log.txt", "stop"
_STARTING_S = 60.0


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

    def events(self, start: int = 0) -> tuple[list[Event], int]:
        """Return what it told from an offset on, and the next offset: see `read_events`."""
        return read_events(self.folder / EVENTS, start)

    def status(self) -> Status:
        """Look how it is."""
        process = read_process(self.folder)
        alive = process is not None and process.is_alive  # before the events: it may end between
        events, _ = self.events()
        told = status_from(events)
        if told.state in ENDED or alive or (process is None and self._is_starting()):
            return told
        why = "Its process ended without a word: it was killed, or the machine was switched off."
        return replace(told, state="interrupted", message=why, seconds_left=None)

    def _is_starting(self) -> bool:
        made = datetime.fromisoformat(self.spec.created).timestamp() if self.spec.created else 0
        return time.time() - made < _STARTING_S


def status_from(events: Iterable[Event]) -> Status:
    """Put together what a job told; as queued as it is in the beginning."""
    state: State = "queued"
    progress: Mapping[str, Any] = {}
    metrics: dict[str, Any] = {}
    message, since, warnings = "", None, []
    for event in events:
        facts = event.facts
        if event.kind == "state" and facts.get("state") in get_args(State):
            state, since, message = facts["state"], event.time, str(facts.get("message", ""))
        elif event.kind == "progress":
            progress = facts
        elif event.kind == "metric":
            metrics |= facts
        elif event.kind == "warning":
            warnings.append(str(facts.get("text", "")))
    return Status(
        state,
        float(progress.get("done") or 0),
        float(progress.get("total") or 0),
        str(progress.get("doing") or ""),
        progress.get("seconds_left") if state == "running" else None,
        message,
        metrics,
        tuple(warnings),
        since,
    )
