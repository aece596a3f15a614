"""The job behind ``medssl project segment --background`` and ``apply``: a model on a project."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.cli.segment_measures import Measures, Model
    from napari_medssl.jobs import Job, Report
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project
    from napari_medssl.project.proposer import ModelProposer
    from napari_medssl.project.proposing import Outcome
    from napari_medssl.project.segment_task import SegmentTask

_TELL_EVERY_S = 0.5


def run_segment_job(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Run a model on a project's cases; see `jobs.Recipe`.

    Each case's proposal goes straight into the project, which may be open in a window. What
    became of the cases so far is among the job's artifacts, so that it goes on with the others. A
    task that asks for scores shows each case to the model twice, for the review queue.
    """
    from napari_medssl.project import open_project
    from napari_medssl.project.proposing import propose_each
    from napari_medssl.project.segment_task import SegmentTask, read_report, write_report

    task = SegmentTask.of(job.spec.arguments)
    so_far = read_report(job.artifacts)
    left = [case for case in task.cases if case not in {*so_far.done, *so_far.already}]
    far = _Far(report, len(task.cases), len(left))
    with open_project(task.project, read_only=True) as project:
        far.tell("Loading the model")
        model = _model(task, job.spec.device)
        measures = _measures(project, job, task, model, far, should_stop) if task.scores else None
        first_look = far.look(1, of=2 if measures else 1)
        proposer = _proposer(model, first_look, should_stop)
        far.begin()
        told = set(job.status().warnings)
        for one in propose_each(project, left, proposer, anyway=task.anyway, again=task.again):
            outcome = measures.after(one) if measures else one
            so_far += outcome
            write_report(so_far, job.artifacts)
            if (words := _warning(outcome)) and words not in told:
                report.warning(words)
            if outcome.what == "done":
                seconds = round(outcome.seconds, 2)
                report.metric(len(so_far.done), case=outcome.case, seconds_a_case=seconds)
            if outcome.what == "stopped":
                return False
            far.next_case(outcome.seconds if outcome.what == "done" else 0)
    return True


def _warning(outcome: Outcome) -> str:
    if outcome.what == "left out":
        return f"{outcome.case} was left out: {outcome.why}"
    return f"{outcome.case} has no place in the review queue: {outcome.why}" if outcome.why else ""


def _measures(
    project: Project,
    job: Job,
    task: SegmentTask,
    model: Model,
    far: _Far,
    should_stop: Callable[[], bool],
) -> Measures:
    from napari_medssl.cli.segment_measures import Measures
    from napari_medssl.segment.automatic import load_automatic

    return Measures(
        project,
        task,
        model,
        job.artifacts,
        load=lambda path: load_automatic(path, job.spec.device),
        progress=far.look(2, of=2),
        stop=should_stop,
    )


def _model(task: SegmentTask, device: str) -> Model:
    """Load the model, if it is still the one that was asked for."""
    from napari_medssl.cli.segment_measures import Model
    from napari_medssl.models.trained import find_trained
    from napari_medssl.segment.automatic import RunOptions, load_automatic

    path, card = find_trained(task.model)
    _require_same(card, task)
    if task.threads is not None:
        import torch

        torch.set_num_threads(task.threads)
    return Model(load_automatic(str(path), device), card, RunOptions(**task.options))


def _proposer(
    model: Model, progress: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> ModelProposer:
    from napari_medssl.project.proposer import ModelProposer
    from napari_medssl.segment.fitness import fitness

    return ModelProposer(
        model.segmenter,
        model.card,
        model.options,
        fitness,
        progress=progress,
        stop=should_stop,
    )


def _require_same(card: TrainedCard, task: SegmentTask) -> None:
    if card.sha256 != task.weights_sha256:
        raise UsageError(
            f"the model '{card.name}', which has changed since the run was asked for (its sha256 "
            f"begins with {card.sha256[:8]})",
            expected=task.weights_sha256[:8],
            do="Start a new run with the model as it is now",
        )


class _Far:
    """How far the job is, told in cases and windows, and how long it will still take.

    Parameters
    ----------
    report : Report
        Where it is told.
    cases, left : int
        How many there are, and how many of them are not finished.
    """

    def __init__(self, report: Report, cases: int, left: int) -> None:
        self._report, self._cases, self._done = report, cases, cases - left
        self._began = self._told = 0.0
        self._run, self._seconds = 0, 0.0  # cases that the model was run on, and how long

    def tell(self, words: str) -> None:
        """Tell what is done before the first case."""
        self._report.progress(self._done, self._cases, words)

    def begin(self) -> None:
        """Tell that the first case is begun."""
        self._began = time.monotonic()
        self._say(0, "", self._began)

    def windows(self, done: int, total: int) -> None:
        """Tell how much of the case in hand is done; often asked, and seldom said."""
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY_S or done == total:
            self._say(done / total, f", part {done} of {total}", now)

    def look(self, nth: int, *, of: int) -> Callable[[int, int], None]:
        """Return what is told how much of the nth of so many looks at the case in hand is done."""
        return lambda done, total: self.windows((nth - 1) * total + done, of * total)

    def next_case(self, seconds: float) -> None:
        """Tell that a case is finished, on which the model ran for so many seconds, if it did."""
        self._done += 1
        self._run += seconds > 0
        self._seconds += seconds
        self.begin()

    def _say(self, part: float, words: str, now: float) -> None:
        self._told = now
        spent, run = self._seconds + now - self._began, self._run + part
        left = spent / run * (self._cases - self._done - part) if run else None
        case = min(self._done + 1, self._cases)
        self._report.progress(
            self._done + part, self._cases, f"Case {case} of {self._cases}{words}", left
        )
