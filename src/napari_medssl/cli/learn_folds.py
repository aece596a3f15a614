"""Cross-validation in a round of learning: who is learned from judges too, if few others can.

Networks learn anew, each without some of the patients, who then judge it. That shows what such a
network comes to on a patient it never saw; the one that is proposed learned from all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from napari_medssl.finetune.folds import Fold
    from napari_medssl.finetune.volumes.examples import Example
    from napari_medssl.jobs import Job, Report
    from napari_medssl.project import Project
    from napari_medssl.project.learn_task import LearnTask

FOLDS = "folds"

#: all folds together learn for half as long as the network itself, but each for so many steps, or
#: as many as that one: with fewer it would be judged by networks that know next to nothing
_PART, _LEAST_STEPS = 2, 100


@dataclass(frozen=True, eq=False)
class Sitting:
    """Who judges which network.

    Parameters
    ----------
    weights : Path
        Of the network.
    taught_by : tuple of str
        Ids of the cases that it learned from.
    judges : sequence of Example
        Of patients that it never saw.
    """

    weights: Path
    taught_by: tuple[str, ...]
    judges: Sequence[Example]


def is_crossed(task: LearnTask, judges: Collection[str]) -> bool:
    """Tell whether who is learned from judges too: few others can, and no model saw them yet.

    Parameters
    ----------
    task : LearnTask
        Of the round.
    judges : collection of str
        Ids of the cases that judge anyway.
    """
    from napari_medssl.finetune.gate import LEAST_PATIENTS

    few = len({task.marks[case] for case in judges}) < LEAST_PATIENTS
    enough = len(set(task.taught.values())) > 1
    return few and enough and task.cross_validate and not task.old


def fold_sittings(
    job: Job,
    project: Project,
    examples: Mapping[str, Example],
    may_judge: Collection[str],
    report: Report,
    should_stop: Callable[[], bool],
) -> list[Sitting] | None:
    """Learn a network for each fold; go on where that was stopped.

    Parameters
    ----------
    job : Job
        Its artifacts hold the network that learned from all, and its plan.
    project : Project
        Where the cases are.
    examples : mapping of str to Example
        All cases that are done, by id.
    may_judge : collection of str
        Ids of the cases that nothing which the network began with has seen.
    report : Report
        Is told of progress and of what failed.
    should_stop : callable
        Asked between steps.

    Returns
    -------
    list of Sitting or None
        None if it was stopped before all were learned.
    """
    from napari_medssl.errors import MedSSLError
    from napari_medssl.finetune.folds import folds
    from napari_medssl.project.learn_task import LearnTask

    task = LearnTask.of(job.spec.arguments)
    patients = {case: task.marks[case] for case in task.taught if case in examples}
    all_folds = folds(patients, seed=job.spec.seed)
    sittings: list[Sitting] = []
    for number, fold in enumerate(all_folds, 1):
        judges = [examples[case] for case in fold.judging if case in may_judge]
        if not judges:
            continue
        folder = job.artifacts / FOLDS / str(number)
        told = _Told(report, f"Cross-validation {number} of {len(all_folds)}")
        try:
            weights = _learned(
                job, project, fold, folder, examples, len(all_folds), told, should_stop
            )
        except MedSSLError as error:
            report.warning(f"Part {number} of the cross-validation is left out: {error}")
            continue
        if weights is None:
            return None
        sittings.append(Sitting(weights, fold.training, judges))
    return sittings


def _learned(
    job: Job,
    project: Project,
    fold: Fold,
    folder: Path,
    examples: Mapping[str, Example],
    count: int,
    told: _Told,
    should_stop: Callable[[], bool],
) -> Path | None:
    from napari_medssl.cli.learn_job import tools_of, wanted_of
    from napari_medssl.finetune.volumes.learning import learn
    from napari_medssl.finetune.volumes.plan import WEIGHTS
    from napari_medssl.jobs.files import put_json
    from napari_medssl.models.saved_plan import read_plan_row
    from napari_medssl.project.learn_task import LEARNED

    if (folder / LEARNED).exists():
        return folder / WEIGHTS
    folder.mkdir(parents=True, exist_ok=True)
    row = read_plan_row(job.artifacts) or {}
    wanted = replace(
        wanted_of(job, project, [examples[case] for case in fold.training], []),
        network=row.get("network"),
        minutes=None,
        steps=fold_steps(int(row.get("steps", _LEAST_STEPS)), count),
    )
    tools = replace(tools_of(job, told, should_stop), show=lambda *_: None)
    if learn(wanted, folder, tools) is None or should_stop():
        return None
    put_json(folder / LEARNED, {})
    return folder / WEIGHTS


def fold_steps(steps: int, count: int) -> int:
    """Return how many steps each of ``count`` folds takes, by those of the network itself."""
    return max(steps // (_PART * count), min(steps, _LEAST_STEPS))


class _Told:
    """Passes on how far a fold is; its curves and notes would be taken for the network's own."""

    def __init__(self, report: Report, what: str) -> None:
        self._report, self._what = report, what

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        """Tell how far it is."""
        words = f"{self._what}: {doing[:1].lower()}{doing[1:]}" if doing else self._what
        self._report.progress(done, total, words, seconds_left=seconds_left)

    def metric(self, step: int, **values: Any) -> None:
        """Keep figures to itself."""

    def warning(self, text: str) -> None:
        """Keep warnings to itself: the network's own learning told of the same cases."""
