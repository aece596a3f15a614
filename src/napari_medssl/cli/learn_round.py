"""The job behind ``medssl project learn``: a round of learning, and what the gate says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from napari_medssl.finetune.volumes.examples import Example
    from napari_medssl.jobs import Job, Report
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project
    from napari_medssl.project.learn_task import LearnTask


def run_learn_job(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Learn from the training cases of a project and judge on its test cases; see `jobs.Recipe`.

    The project is only read, and may be open in a window. Among the artifacts are
    ``model.safetensors`` with its card, ``gate.json``, and both masks of each judging case.
    """
    from napari_medssl.cli.learn_examples import examples_of
    from napari_medssl.cli.learn_judging import judge_round
    from napari_medssl.project import open_project
    from napari_medssl.project.learn_task import LearnTask

    task = LearnTask.of(job.spec.arguments)
    with open_project(task.project, read_only=True) as project:
        examples = {one.id: one for one in examples_of(project)}
        _tell_missing(task, examples, report)
        card = _learned(job, project, task, list(examples.values()), report, should_stop)
        if card is None:
            return False
        return judge_round(job, project, card, examples, report, should_stop)


def _learned(
    job: Job,
    project: Project,
    task: LearnTask,
    examples: Sequence[Example],
    report: Report,
    should_stop: Callable[[], bool],
) -> TrainedCard | None:
    """Learn, unless that was finished before the job was stopped; None where it is not finished."""
    from napari_medssl.cli.learn_job import tell_origin, tools_of, wanted_of
    from napari_medssl.finetune.volumes.learning import learn
    from napari_medssl.finetune.volumes.plan import WEIGHTS
    from napari_medssl.jobs.files import put_json
    from napari_medssl.models.trained import read_card
    from napari_medssl.project.learn_task import LEARNED

    if (job.artifacts / LEARNED).exists():
        return read_card(job.artifacts / WEIGHTS)
    if not list(job.artifacts.glob("*.json")):
        report.metric(0, note=task.start_words)
    training = [one for one in examples if one.id in task.training]
    held_out = [one for one in examples if one.id in task.validation]
    wanted = wanted_of(job, project, training, held_out)
    card = learn(wanted, job.artifacts, tools_of(job, report, should_stop))
    if card is None:
        return None
    card = tell_origin(job, project, card)
    if should_stop():
        return None
    put_json(job.artifacts / LEARNED, {"sha256": card.sha256})
    return card


def _tell_missing(task: LearnTask, there: Container[str], report: Report) -> None:
    for case in (*task.training, *task.validation, *task.test):
        if case not in there:
            report.warning(f"{case} is left out: it is no longer done, or was removed.")
