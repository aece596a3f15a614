"""Teaching a segmentation network from prepared cases: the recipe."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.judging import judge
from napari_medssl.finetune.volumes.learner import Learner
from napari_medssl.models.saved_state import Progress, load_state, save_state
from napari_medssl.models.team import Task, Team

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.finetune.volumes.crops import Batch
    from napari_medssl.finetune.volumes.judging import Look
    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.finetune.volumes.prepared import Prepared
    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.report import Report
    from napari_medssl.models.weights import AtomicWrite

STATE, PREPARED = "state.safetensors", "prepared"

_TELL_EVERY_S = 0.5
_MOST_STILL = 8


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a run needs beside the network, the plan and the cases.

    Parameters
    ----------
    folder : Path
        Keeps the state of the run.
    settings : str
        Hash of all that the result depends on.
    write : callable
        ``io.atomic_write``: this package may not import it.
    report : Report
        Is told of progress, the ``loss`` of each step and the ``dice`` of each check.
    look : callable
        A network and a prepared image -> the classes it finds.
    show : callable
        Step, case and what was found: for pictures of how it learns.
    stop : callable
        Asked before each step; True keeps the best so far and the state.
    team : Team
        The processes that teach together; this one is their first.
    """

    folder: Path
    settings: str
    write: AtomicWrite
    report: Report
    look: Look
    show: Callable[[int, Prepared, NDArray[Any]], None] = lambda *_: None
    stop: Callable[[], bool] = lambda: False
    team: Team = field(default_factory=Team)


@dataclass(frozen=True, eq=False)
class Taught:
    """What a run left.

    Parameters
    ----------
    weights : dict of str to tensor
        The best weights so far, by the network's names.
    progress : Progress
        How far it came.
    finished : bool
        False for a run that was stopped and can go on.
    """

    weights: dict[str, Tensor]
    progress: Progress
    finished: bool


def teach(
    network: SegmentationNetwork,
    training: Sequence[Prepared],
    held_out: Sequence[Prepared],
    plan: VolumePlan,
    lesson: Lesson,
) -> Taught:
    """Teach a network what is drawn on some cases.

    A run that was stopped or killed goes on from its last saved state to the same weights, bit by
    bit on a processor with as many threads.

    Parameters
    ----------
    network : SegmentationNetwork
        To begin with, on its device; its weights are changed.
    training, held_out : sequences of Prepared
        To learn from, and to choose the best weights by; no patient is in both. Nothing need be
        held out: then the last weights are the best.
    plan : VolumePlan
        How.
    lesson : Lesson
        Where to keep the state, whom to tell, and when to stop.

    Raises
    ------
    UsageError
        If there is nothing to learn from.
    MedSSLError
        If the loss is no longer a number, or the disk is full.
    """
    if not training:
        raise UsageError("no case to learn from", expected="at least one with a finished mask")
    team = lesson.team
    torch.set_num_threads(team.threads(plan.threads))
    ids, folder = tuple(case.id for case in training), lesson.folder
    team.call(Task(plan.as_row(), ids, folder / PREPARED, folder / STATE, lesson.settings))
    learner, crops, report = Learner(network, plan, team), Crops(training, plan), lesson.report
    state = learner.state
    saved = load_state(lesson.folder / STATE, lesson.settings, state, learner.optimiser)
    progress, best = saved or (Progress(lesson.settings), learner.average())
    clock, batches = _Clock(progress.step), crops.shares(team, learner.device)

    def save(progress: Progress, best: dict[str, Tensor]) -> None:
        path = lesson.folder / STATE
        save_state(path, progress, state, learner.optimiser, best, lesson.write)

    def dice() -> float | None:
        if not held_out:
            return None
        with learner.averaged() as worn:
            verdict, found = judge(worn, held_out, lesson.look)
        by_label = {f"dice of {plan.values[n - 1]}": d for n, d in verdict.by_class.items()}
        report.metric(progress.step, dice=verdict.mean, **by_label)
        shown = next(case for case in held_out if case.id == (verdict.worst or held_out[0].id))
        lesson.show(progress.step, shown, found[shown.id])
        return verdict.mean

    still = _still_batches(held_out, plan, learner) if learner.rates.watches_held_out else []

    def unseen_loss() -> float | None:
        if not still:
            return None
        lost = [learner.loss_of(batch, progress.step) for batch in still]
        report.metric(progress.step, **{"held-out loss": sum(lost) / len(lost)})
        return sum(lost) / len(lost)

    if progress.step == 0 and progress.before is None and not lesson.stop():
        progress = replace(progress, before=dice())
    while team.agreed(progress.step < plan.steps and not lesson.stop()):
        loss = learner.step(batches(progress.step), progress.step)
        progress = replace(progress, step=progress.step + 1)
        clock.tell(report, progress.step, plan.steps, loss)
        last = progress.step == plan.steps
        if learner.watch(progress.step, unseen_loss):
            rate = learner.rates.at(progress.step)
            report.metric(progress.step, note=f"Nothing was gained for a while: rate {rate:.2g}.")
        if progress.step % plan.check_every == 0 or last:
            progress = progress.judged(dice())
            best = learner.average() if progress.best_step == progress.step else best
        if progress.step % plan.save_every == 0 or last:
            save(progress, best)
    finished = progress.step == plan.steps
    if not finished:
        save(progress, best)
    if not progress.best_step or progress.best is None:
        best = learner.average()
    return Taught(best, progress, finished)


def _still_batches(held_out: Sequence[Prepared], plan: VolumePlan, learner: Learner) -> list[Batch]:
    """Cut crops of held-out cases, always the same ones: two a case, but a few only."""
    crops = Crops(held_out, plan, still=True)
    count = -(-min(_MOST_STILL, 2 * len(held_out)) // plan.batch)
    return [crops.at(number).to(learner.device) for number in range(count)]


class _Clock:
    """Tells how far a run is, not more often than anyone can read."""

    def __init__(self, begun_at: int) -> None:
        self._begun_at, self._began = begun_at, time.monotonic()
        self._told, self._losses = 0.0, [0.0, 0]

    def tell(self, report: Report, step: int, steps: int, loss: float) -> None:
        """Tell the mean loss since it was last told, and the time left."""
        self._losses = [self._losses[0] + loss, self._losses[1] + 1]
        now = time.monotonic()
        if now - self._told < _TELL_EVERY_S and step < steps:
            return
        left = (now - self._began) / (step - self._begun_at) * (steps - step)
        report.metric(step, loss=self._losses[0] / self._losses[1])
        report.progress(step, steps, "Learning", seconds_left=left)
        self._told, self._losses = now, [0.0, 0]
