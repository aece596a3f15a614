"""What a job tells while it runs: one JSON object a line, read while it is being written."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_medssl.jobs.files import not_saved

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EVENTS = "events.jsonl"

Kind = Literal["state", "progress", "metric", "warning"]
_KINDS = get_args(Kind)


@dataclass(frozen=True)
class Event:
    """One thing that a job told.

    Parameters
    ----------
    kind : {"state", "progress", "metric", "warning"}
        What it is about.
    time : float
        When, in seconds since 1970.
    facts : mapping
        The rest; numbers that are not finite are None.
    """

    kind: Kind
    time: float
    facts: Mapping[str, Any]

    def as_json(self) -> str:
        """Return the line, without its end."""
        told = {"event": self.kind, "time": round(self.time, 3), **self.facts}
        return json.dumps(_finite(told), ensure_ascii=False)


class EventLog:
    """Appends whole lines, and nothing else, to a job's events.

    A disk without room ends no job: what could not be told is counted, and the count goes with
    the next event for which there is room.

    Parameters
    ----------
    path : Path
        The file; a last line that was cut off when its writer was killed is taken away.

    Raises
    ------
    SaveError
        If it cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._lost = 0
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            os.ftruncate(self._file, whole_lines(path))
        except OSError as error:
            raise not_saved(error, path) from error

    def append(self, kind: Kind, **facts: Any) -> bool:
        """Tell something; False if there was no room for it."""
        return self.keep(Event(kind, time.time(), facts))

    def keep(self, event: Event) -> bool:
        """Write down what was told at another time or place; False if there was no room for it."""
        with self._lock:
            lost = {"lost_before": self._lost} if self._lost else {}
            told = Event(event.kind, event.time, {**event.facts, **lost})
            line = (told.as_json() + "\n").encode()
            size = os.fstat(self._file).st_size
            try:
                whole = os.write(self._file, line) == len(line)
                if whole and event.kind == "state":
                    os.fsync(self._file)
            except OSError:
                whole = False
            if not whole:  # a line that was begun would spoil the next one
                with suppress(OSError):
                    os.ftruncate(self._file, size)
            self._lost = 0 if whole else self._lost + 1
            return whole

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def read_events(path: Path, start: int = 0, most: int = -1) -> tuple[list[Event], int]:
    """Read the whole lines from an offset on; what is damaged is passed over.

    Parameters
    ----------
    path : Path
        The file; nothing is read where there is none yet.
    start : int
        Offset in bytes: 0, or what this function returned before.
    most : int
        Bytes to read at once, more than the longest line; all that there are unless given.

    Returns
    -------
    events, offset
        What was told since, and where to go on.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            fresh = stream.read(most)
    except FileNotFoundError:
        return [], start
    whole = fresh[: fresh.rfind(b"\n") + 1]
    found = [event_of(line) for line in whole.splitlines()]
    return [event for event in found if event is not None], start + len(whole)


def whole_lines(path: Path) -> int:
    """Return how many bytes of a file are whole lines."""
    return path.read_bytes().rfind(b"\n") + 1


def event_of(line: str | bytes) -> Event | None:
    """Return what a line tells; None of one that is damaged."""
    try:
        facts = json.loads(line)
        kind, when = facts.pop("event"), float(facts.pop("time"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Event(kind, when, facts) if kind in _KINDS else None


def _finite(value: Any) -> Any:
    """Put None for what JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
