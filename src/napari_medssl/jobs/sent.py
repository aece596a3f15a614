"""A job that was sent to a cluster: where to, and what was heard of it since.

Both are files in the job's folder, so that whoever looks at the folder knows as much. No address
and no token is in them: those are in the user's own settings.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from napari_medssl.errors import MedSSLError
from napari_medssl.jobs.events import EVENTS
from napari_medssl.jobs.files import get_json, put_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SENT, _HEARD = "sent.json", "heard.json"
#: how long a cluster may be silent before its jobs are no longer believed to run
PATIENCE_S = 120.0

_T = TypeVar("_T")

Phase = Literal["waits", "works", "over"]


@dataclass(frozen=True)
class Sent:
    """Where a job was sent.

    Parameters
    ----------
    engine : str
        Name of the engine in the user's settings.
    handle : str
        What the cluster calls the job.
    attempt : int
        How often it was sent, this time included.
    """

    engine: str
    handle: str
    attempt: int


@dataclass(frozen=True)
class Heard:
    """What the cluster said last.

    Parameters
    ----------
    phase : {"waits", "works", "over"}
        Waits for room, is being worked on, or is not any more.
    words : str
        More about it, in a sentence; why it did not answer.
    at, asked : float
        When it last answered and was last asked, in seconds since 1970.
    lines : int
        How many of the lines that it prints for us were taken in.
    """

    phase: Phase
    words: str = ""
    at: float = 0.0
    asked: float = 0.0
    lines: int = 0


@dataclass(frozen=True)
class Life:
    """Whether anybody works on a job.

    Parameters
    ----------
    at_work : bool
        Somebody does, or is about to.
    words : str
        What it waits for, or why nobody does.
    """

    at_work: bool
    words: str = ""


def read_sent(folder: Path) -> Sent | None:
    """Return where a job was sent; None for one of this machine."""
    return _read(folder / _SENT, Sent)


def write_sent(folder: Path, sent: Sent) -> None:
    """Note where a job was sent; what was heard before counts no more."""
    (folder / _HEARD).unlink(missing_ok=True)
    put_json(folder / _SENT, asdict(sent))


def read_heard(folder: Path) -> Heard | None:
    """Return what the cluster said last; None if it was not asked yet."""
    return _read(folder / _HEARD, Heard)


def write_heard(folder: Path, heard: Heard) -> None:
    """Note what the cluster said."""
    put_json(folder / _HEARD, asdict(heard))


def note_silence(folder: Path, words: str) -> None:
    """Note that a cluster was asked and did not answer, and why."""
    now = time.time()
    before = read_heard(folder) or Heard("works", at=now)
    with suppress(MedSSLError):
        write_heard(folder, replace(before, words=words, asked=now))


def life_of(folder: Path) -> Life | None:
    """Tell whether a cluster works on a job, as far as is known; None for one of this machine."""
    sent = read_sent(folder)
    if sent is None:
        return None
    heard = read_heard(folder)
    if heard is None:
        return Life(True, f"Sent to '{sent.engine}'")
    if heard.phase == "over":
        return Life(False, heard.words or f"'{sent.engine}' ended it without a word.")
    if heard.asked - heard.at > PATIENCE_S and time.time() - _told_at(folder) > PATIENCE_S:
        since = datetime.fromtimestamp(heard.at)
        words = (
            f"{heard.words} Nothing was heard of the job since {since:%H:%M}; it may go on there, "
            "and is looked after again once there is an answer."
        )
        return Life(False, words)
    return Life(True, f"Waiting for room on '{sent.engine}'" if heard.phase == "waits" else "")


def _told_at(folder: Path) -> float:
    """Return when the job itself last told something."""
    try:
        return (folder / EVENTS).stat().st_mtime
    except OSError:
        return 0.0


def _read(path: Path, kind: Callable[..., _T]) -> _T | None:
    if not path.exists():
        return None
    try:
        facts: dict[str, Any] = get_json(path)
        return kind(**facts)
    except (MedSSLError, TypeError):
        return None
