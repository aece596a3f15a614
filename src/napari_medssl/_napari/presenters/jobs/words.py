"""Jobs in words for people: their state, how far they are, what they wait for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.automatic.run import time_left

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from napari_medssl._napari.presenters.jobs.watch import Seen
    from napari_medssl.jobs import State

STATE_WORDS: dict[State, str] = {
    "queued": "waits",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "cancelled": "stopped",
    "interrupted": "interrupted",
}
_DAY_S = 86_400
_STEPS = 1000


@dataclass(frozen=True)
class JobRow:
    """A job in the list.

    Parameters
    ----------
    id, title : str
        Which one, and what it is called.
    state : State
        For its colour.
    line : str
        Its state in a word, how far it is, the time left, and on what.
    """

    id: str
    title: str
    state: State
    line: str


@dataclass(frozen=True)
class JobFacts:
    """What is told of the chosen job.

    Parameters
    ----------
    id, title : str
        Which one, and what it is called.
    state : State
        For its colour.
    sentence : str
        Its state, what it is at, and the time left.
    far : int or None
        Thousandths that are finished; None where it was not told.
    message : str
        Why it failed, or what there is to know about its end.
    warnings : tuple of str
        Sentences.
    numbers : tuple of (name, words)
        What was measured last.
    may_stop, may_resume, may_remove : bool
        What can be done with it now.
    stopping : bool
        Whether it was asked to stop, and still runs.
    is_inside : bool
        Whether removing it from the list removes its folder too.
    folder : Path
        Where it is.
    """

    id: str
    title: str
    state: State
    sentence: str
    far: int | None
    message: str
    warnings: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    may_stop: bool
    may_resume: bool
    may_remove: bool
    stopping: bool
    is_inside: bool
    folder: Path


def row_of(seen: Seen) -> JobRow:
    """Return a job's line in the list."""
    status, spec = seen.status, seen.job.spec
    parts = [STATE_WORDS[status.state]]
    if status.state == "running" and status.total:
        parts.append(f"{100 * status.done / status.total:.0f} %")
    if status.seconds_left is not None:
        parts.append(_short(time_left(status.seconds_left)))
    parts += [device_words(spec.device), moment(_made(spec.created))]
    return JobRow(spec.id, spec.title, status.state, " · ".join(part for part in parts if part))


def facts_of(
    seen: Seen, others: Sequence[Seen], *, is_inside: bool, stopping: bool = False
) -> JobFacts:
    """Return what is to be told of a job among the others."""
    status, spec = seen.status, seen.job.spec
    stops = stopping and not status.is_over
    return JobFacts(
        id=spec.id,
        title=spec.title,
        state=status.state,
        sentence="It stops after the step in hand." if stops else _sentence(seen, others),
        far=round(_STEPS * status.done / status.total) if status.total else None,
        message=status.message,
        warnings=status.warnings,
        numbers=numbers_of(status.metrics),
        may_stop=not status.is_over,
        may_resume=status.state in ("failed", "cancelled", "interrupted"),
        may_remove=status.is_over,
        stopping=stops,
        is_inside=is_inside,
        folder=seen.job.folder,
    )


def end_words(seen: Seen) -> str:
    """Say how a job ended."""
    title, status = seen.job.spec.title, seen.status
    if status.state == "done":
        return f"'{title}' is done."
    return f"'{title}' {_ENDS[status.state]}. {status.message}".rstrip()


def device_words(device: str) -> str:
    """Name a device: ``"processor"``, ``"GPU 0"``."""
    kind, _, number = device.partition(":")
    return "processor" if kind == "cpu" else f"GPU {number}".rstrip()


def moment(then: float | None) -> str:
    """Say a time: with its date where that is more than a day away."""
    if then is None:
        return ""
    recent = abs(time.time() - then) < _DAY_S
    return f"{datetime.fromtimestamp(then):{'%H:%M' if recent else '%d %B %Y'}}"


def numbers_of(metrics: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the numbers among what was measured, named and rounded for people."""
    return tuple(
        (name.replace("_", " "), f"{value:.4g}" if isinstance(value, float) else f"{value:,}")
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name != "step"
    )


_ENDS = {"failed": "failed", "cancelled": "was stopped", "interrupted": "was interrupted"}


def _sentence(seen: Seen, others: Sequence[Seen]) -> str:
    status, device = seen.status, seen.job.spec.device
    if status.state == "queued":
        before = next((o for o in others if _computes_on(o, device)), None)
        if before is None:
            return "It begins."
        return f"Waits for the {device_words(device)}: '{before.job.spec.title}' computes on it."
    if status.state == "running":
        left = time_left(status.seconds_left) if status.seconds_left is not None else ""
        return f"{status.doing or 'Running'}. {left}".rstrip()
    since = moment(status.since)
    return f"{STATE_WORDS[status.state].capitalize()}{f' at {since}' if ':' in since else ''}."


def _computes_on(seen: Seen, device: str) -> bool:
    return seen.status.state == "running" and seen.job.spec.device == device


def _made(created: str) -> float | None:
    return datetime.fromisoformat(created).timestamp() if created else None


def _short(words: str) -> str:
    """Return ``"3 min left"`` of ``"About 3 min left."``."""
    return words.removeprefix("About ").removesuffix(".")
