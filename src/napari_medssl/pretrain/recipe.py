"""Pre-training a network on images that nobody labelled: the recipe."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.models.saved_state import Progress, load_state, save_state
from napari_medssl.models.team import Task, Team
from napari_medssl.pretrain.learning.learner import Learner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.models.report import Report
    from napari_medssl.models.weights import AtomicWrite
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.method import Method
    from napari_medssl.pretrain.watching.watched_probe import WatchedProbe

STATE, PREPARED = "state.safetensors", "prepared"

_TELL_EVERY_S = 0.5
_PICTURES = 10
#: steps between two looks at whether all comes out alike; in a row, so many looks are a warning,
#: and end a run that may end
_LOOK_EVERY, _SURE, _PATIENCE = 10, 5, 20


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a run needs beside the method and the images.

    Parameters
    ----------
    folder : Path
        Keeps the state of the run.
    settings : str
        Hash of all that the result depends on.
    write : callable
        ``io.atomic_write``: this package may not import it.
    report : Report
        Is told of progress, of each part of the loss, and of what `Method.watch` tells.
    show : callable
        Step and pictures by title.
    stop : callable
        Asked before each step; True keeps the state.
    team : Team
        The processes that learn together; this one is their first.
    probe : WatchedProbe, optional
        Is asked now and then how far the network is.
    """

    folder: Path
    settings: str
    write: AtomicWrite
    report: Report
    show: Callable[[int, Mapping[str, NDArray[Any]]], None] = lambda *_: None
    stop: Callable[[], bool] = lambda: False
    team: Team = field(default_factory=Team)
    probe: WatchedProbe | None = None


@dataclass(frozen=True)
class Pretrained:
    """What a run left in the method's network.

    Parameters
    ----------
    steps : int
        How many were taken.
    finished : bool
        False for a run that was stopped and can go on.
    collapsed : str
        Why it ended early, in a sentence; empty where it did not.
    """

    steps: int
    finished: bool
    collapsed: str = ""


def pretrain(method: Method, images: Sequence[PreparedImage], lesson: Lesson) -> Pretrained:
    """Teach a method's network; go on where a run was stopped or killed.

    Everything random is drawn from the seed and the step, so a run that goes on comes to the same
    weights, bit by bit on a processor with as many threads.

    Parameters
    ----------
    method : Method
        On its device; its weights are changed.
    images : sequence of PreparedImage
        To learn from.
    lesson : Lesson
        Where to keep the state, whom to tell, and when to stop.

    Raises
    ------
    MedSSLError
        If the loss is no longer a number, or the disk is full.
    """
    plan, report, team, state = method.plan, lesson.report, lesson.team, lesson.folder / STATE
    torch.set_num_threads(team.threads(plan.threads))
    ids = tuple(image.id for image in images)
    team.call(Task(plan.as_row(), ids, lesson.folder / PREPARED, state, lesson.settings))
    every = max(1, plan.steps // _PICTURES)
    with Learner(method, images, team) as learner:
        learned = method.remembered()

        def save() -> int:
            save_state(state, progress, learned, learner.optimiser, {}, lesson.write)
            return progress.step

        saved = load_state(state, lesson.settings, learned, learner.optimiser)
        progress = saved[0] if saved else Progress(lesson.settings)
        clock, saved_at = _Clock(progress.step), progress.step
        if not progress.step:
            _ask(method, 0, lesson)
        while team.agreed(not _is_over(method, progress.step) and not lesson.stop()):
            losses = learner.step(progress.step)
            progress = replace(progress, step=progress.step + 1)
            _look(method, progress.step, report)
            clock.tell(report, progress.step, plan.steps, losses, method)
            if progress.step % every == 0 or _is_over(method, progress.step):
                _show(learner, progress.step, lesson)
                _ask(method, progress.step, lesson)
            if progress.step % plan.save_every == 0:
                saved_at = save()
        if progress.step > saved_at:
            save()
    collapsed = method.collapsed() if int(method.alike) >= _SURE else ""
    return Pretrained(progress.step, _is_over(method, progress.step), collapsed)


def _is_over(method: Method, step: int) -> bool:
    """Tell whether a run is at its end: all steps are taken, or it collapsed and may end so."""
    plan = method.plan
    return step >= plan.steps or (plan.stop_on_collapse and int(method.alike) >= _PATIENCE)


def _look(method: Method, step: int, report: Report) -> None:
    """Count the looks in a row at which all came out alike; warn when that is no chance."""
    if step % _LOOK_EVERY:
        return
    words = method.collapsed()
    method.alike.copy_(method.alike + 1 if words else torch.zeros_like(method.alike))
    if int(method.alike) == _SURE:
        report.warning(words)


def _show(learner: Learner, step: int, lesson: Lesson) -> None:
    """Show pictures of the first image of the last batch."""
    method = learner.method.eval()
    with torch.no_grad():
        first = learner.batch_on_device(learner.samples.at(step - 1, 0, 1))
        lesson.show(step, method.picture(first))


def _ask(method: Method, step: int, lesson: Lesson) -> None:
    """Tell what can be read off the network so far; before the first step, off random weights."""
    if lesson.probe is not None:
        lesson.report.metric(step, **lesson.probe.figures(method.network))


class _Clock:
    """Tells how far a run is, not more often than anyone can read."""

    def __init__(self, begun_at: int) -> None:
        self._begun_at, self._began = begun_at, time.monotonic()
        self._told, self._sums, self._count = 0.0, dict[str, float](), 0

    def tell(
        self, report: Report, step: int, steps: int, losses: Mapping[str, float], method: Method
    ) -> None:
        """Tell the mean losses since it last did, and the time left."""
        self._sums = {name: self._sums.get(name, 0.0) + value for name, value in losses.items()}
        self._count += 1
        now = time.monotonic()
        if now - self._told < _TELL_EVERY_S and step < steps:
            return
        left = (now - self._began) / (step - self._begun_at) * (steps - step)
        means = {name: total / self._count for name, total in self._sums.items()}
        report.metric(step, **_named(means), **method.watch())
        report.progress(step, steps, "Learning", seconds_left=left)
        self._told, self._sums, self._count = now, {}, 0


def _named(losses: Mapping[str, float]) -> dict[str, float]:
    """Call the parts of a loss what they are; one alone is the loss itself."""
    parts = {f"{name} loss": value for name, value in losses.items() if name != "loss"}
    return {"loss": losses["loss"], **(parts if len(parts) > 1 else {})}
