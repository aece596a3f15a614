"""What a job has told and made so far: its curves, its newest picture, the end of its log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

import numpy as np

from napari_medssl.jobs.job import LOG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.jobs import Event, Job

#: what a curve is about: losses, overlaps, whether all comes out alike, and what a few masks tell
#: of an encoder have axes of their own
About = Literal["loss", "dice", "alike", "probe", "other"]

_TRAINING = "training"  # a metric's fact that names which of several trainings it is of
_NOTE = "note"  # one that is a sentence: why something was chosen so
#: what networks that learn without masks tell of themselves, from 0 to about 1
_ALIKE = ("collapse", "spread", "entropy", "found")
#: parts of drawn voxels that are named right by what an encoder says of them, from 0 to 1
_PROBE = "told apart"
_MOST_POINTS = 1000  # more than a panel has pixels
_BLOCK = 1 << 20
_LOG_BYTES = 30_000
_PICTURES = "preview*.png"
_PICTURE_SIDE = 640


@dataclass(frozen=True, eq=False)
class Curve:
    """A number over the steps at which it was measured.

    Parameters
    ----------
    name : str
        Words for people.
    about : About
        On which axis it belongs.
    steps, values : (n,) float arrays
        In order of the steps; at most a thousand.
    """

    name: str
    about: About
    steps: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Picture:
    """A preview that the job has made.

    Parameters
    ----------
    name : str
        Its file.
    pixels : (rows, columns, 3) uint8 array
        No side longer than 640.
    """

    name: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Story:
    """A job's story up to now.

    Parameters
    ----------
    curves : mapping of str to tuple of Curve
        For each training of the job, the newest last; ``""`` where it has no names for them.
    picture : Picture, optional
        The newest.
    log : str
        The end of what it printed.
    notes : tuple of str
        Sentences on what it chose, and why; each once.
    """

    curves: Mapping[str, tuple[Curve, ...]] = field(default_factory=dict)
    picture: Picture | None = None
    log: str = ""
    notes: tuple[str, ...] = ()


class StoryReader:
    """Reads a job's story, and only what is new of it the next time; slow, so in a thread.

    Parameters
    ----------
    job : Job
        Whose story.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._at = 0
        self._points: dict[str, dict[str, dict[float, float]]] = {}
        self._notes: dict[str, None] = {}
        self._picture: Picture | None = None
        self._picture_is: tuple[str, float] | None = None

    def read(self) -> Story:
        """Read what is new, and return the whole."""
        while True:
            events, at = self._job.events(self._at, _BLOCK)
            if at == self._at:
                break
            self._take(events)
            self._at = at
        self._look_for_picture()
        curves = {training: _curves(of) for training, of in self._points.items()}
        log = _end_of(self._job.folder / LOG)
        return Story(curves, self._picture, log, tuple(self._notes))

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            step = event.facts.get("step")
            if event.kind != "metric" or not _is_number(step):
                continue
            if isinstance(note := event.facts.get(_NOTE), str):
                self._notes[note] = None
            training = str(event.facts.get(_TRAINING, ""))
            points = self._points.pop(training, {})
            self._points[training] = points  # the newest is last
            for name, value in event.facts.items():
                if name != "step" and _is_number(value):
                    points.setdefault(name, {})[float(step)] = float(value)

    def _look_for_picture(self) -> None:
        try:
            found = [(p.stat().st_mtime, p) for p in self._job.artifacts.glob(_PICTURES)]
            if not found:
                return
            when, path = max(found)
            if self._picture_is != (path.name, when):
                self._picture = Picture(path.name, _pixels(path))
                self._picture_is = (path.name, when)
        except (OSError, ValueError):
            return  # being written, or taken away: the next look comes soon


def _curves(points: Mapping[str, Mapping[float, float]]) -> tuple[Curve, ...]:
    return tuple(_curve(name, of) for name, of in points.items())


def _curve(name: str, points: Mapping[float, float]) -> Curve:
    order = sorted(points)
    if len(order) > _MOST_POINTS:
        order = [order[n] for n in np.linspace(0, len(order) - 1, _MOST_POINTS).round().astype(int)]
    values = np.array([points[step] for step in order])
    return Curve(name.replace("_", " "), _about(name), np.array(order), values)


def _about(name: str) -> About:
    low = name.lower()
    if "loss" in low:
        return "loss"
    if _PROBE in low:
        return "probe"
    if any(word in low for word in _ALIKE):
        return "alike"
    return "dice" if "dice" in low or "iou" in low else "other"


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pixels(path: Path) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB")
        small.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE))
        return np.ascontiguousarray(small, np.uint8)


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if size > _LOG_BYTES else text
