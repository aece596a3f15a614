"""Judging what was learned, and what was before, on cases of patients that neither ever saw."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.cli.learn_folds import FOLDS, Sitting, fold_sittings, is_crossed
from napari_medssl.errors import MedSSLError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import NDArray

    from napari_medssl.cli.learn_baseline import PlacesAlone
    from napari_medssl.evaluate.table import Row
    from napari_medssl.finetune.gate import Gate
    from napari_medssl.finetune.volumes.examples import Example, Labelled
    from napari_medssl.jobs import Job, Report
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project
    from napari_medssl.project.learn_task import LearnTask

    Segment = Callable[[Example, Labelled], NDArray[Any]]

_TOO_FEW = "fewer than three patients are done"
_NONE_DONE = "no case of a patient who judges is done and may judge"


@dataclass(frozen=True, eq=False)
class _Side:
    """The old or the new one."""

    card: TrainedCard | None  # None where places alone tell
    segment: Segment


def judge_round(
    job: Job,
    project: Project,
    card: TrainedCard,
    examples: Mapping[str, Example],
    report: Report,
    should_stop: Callable[[], bool],
) -> bool:
    """Run both models on the judging cases, and write ``gate.json`` and the masks.

    Parameters
    ----------
    job : Job
        Its artifacts hold the new model.
    project : Project
        Knows what trained the old one.
    card : TrainedCard
        Of the new one.
    examples : mapping of str to Example
        All cases that are done, by id.
    report : Report
        Is told of progress and of cases that are left out.
    should_stop : callable
        Asked between windows.

    Returns
    -------
    bool
        False if it was stopped before.
    """
    from napari_medssl.cli.learn_baseline import PlacesAlone
    from napari_medssl.finetune.volumes.plan import WEIGHTS
    from napari_medssl.jobs.files import put_json
    from napari_medssl.project.learn_task import GATE, LearnTask

    task, folds = LearnTask.of(job.spec.arguments), job.artifacts / FOLDS
    judging, left_out, may_judge = _judging(project, task, card, examples)
    for case, why in left_out.items():
        report.warning(f"{case} does not judge: {why}")
    sittings = [Sitting(job.artifacts / WEIGHTS, card.trained_on, judging)]
    if is_crossed(task, [one.id for one in judging]):
        crossed = fold_sittings(job, project, examples, may_judge, report, should_stop)
        if crossed is None:
            return False
        sittings += crossed
    judged = _Judged()
    judges = [example for sitting in sittings for example in sitting.judges]
    places = PlacesAlone(judges, task.marks)
    bench = _Bench(job, project, task, examples, places, report, should_stop)
    count = sum(len(sitting.judges) for sitting in sittings)
    for sitting in sittings:
        if not _judge(sitting, bench, judged, left_out, count):
            return False
    crossed_by = {example.id for sitting in sittings[1:] for example in sitting.judges}
    gate = _gate(task, judged, crossed_by - left_out.keys(), job.spec.seed)
    gained = {"dice gained": gate.difference.mean} if gate.difference else {}
    report.metric(count, note=gate.words, **gained)
    told = {**gate.as_row(), "against": _against(task), "left_out": left_out}
    told["crossed"] = sorted(crossed_by - left_out.keys())
    put_json(job.artifacts / GATE, {**told, "sha256": card.sha256, "old_sha256": _old_sha256(task)})
    shutil.rmtree(folds, ignore_errors=True)
    return True


@dataclass(frozen=True, eq=False)
class _Bench:
    """What judging needs of its round."""

    job: Job
    project: Project
    task: LearnTask
    examples: Mapping[str, Example]
    places: PlacesAlone
    report: Report
    should_stop: Callable[[], bool]


def _judge(
    sitting: Sitting, bench: _Bench, judged: _Judged, left_out: dict[str, str], count: int
) -> bool:
    """Judge one network; False if it was stopped before."""
    if not sitting.judges:
        return True
    device, stop = bench.job.spec.device, bench.should_stop
    new = _model(sitting.weights, device, stop)
    sides = _old(sitting, new, bench), new
    for example in sitting.judges:
        if stop():
            return False
        bench.report.progress(judged.cases, count, "Judging on cases it never saw")
        try:
            judged.add(_figures(example, sides, bench.project, bench.job))
        except StoppedError:
            return False
        except MedSSLError as error:
            left_out[example.id] = str(error)
            bench.report.warning(f"{example.id} does not judge: {error}")
    return True


class _Judged:
    """The rows of both sides so far."""

    def __init__(self) -> None:
        self.old: list[Row] = []
        self.new: list[Row] = []

    def add(self, rows: tuple[tuple[Row, ...], tuple[Row, ...]]) -> None:
        """Take the rows of a case."""
        self.old += rows[0]
        self.new += rows[1]

    @property
    def cases(self) -> int:
        """How many were judged."""
        return len({row.case for row in self.new})


def _gate(task: LearnTask, judged: _Judged, crossed: Collection[str], seed: int) -> Gate:
    from napari_medssl.finetune.gate import LEAST_PATIENTS, not_measured, weigh

    if judged.new:
        against, count = _against(task), len({task.marks[case] for case in crossed})
        return weigh(judged.old, judged.new, task.marks, against=against, crossed=count, seed=seed)
    done = {task.marks[case] for case in (*task.taught, *task.test)}
    return not_measured(_TOO_FEW if len(done) < LEAST_PATIENTS else _NONE_DONE)


def _against(task: LearnTask) -> str:
    return "the model in use" if task.old else "what places alone tell"


def _old_sha256(task: LearnTask) -> str:
    from napari_medssl.models.trained import read_card

    return read_card(Path(task.old)).sha256 if task.old else ""


def _judging(
    project: Project, task: LearnTask, card: TrainedCard, examples: Mapping[str, Example]
) -> tuple[list[Example], dict[str, str], set[str]]:
    """Return who judges, who may not, and whom nothing that there was before has seen.

    Whatever the roles say, who trained one of the two may not.
    """
    from napari_medssl.models.trained import read_card
    from napari_medssl.project.ledger import taught_patients

    cards = _line(card)
    for path in filter(None, (task.old, task.start)):
        earlier = read_card(Path(path))
        cards += [earlier, *_line(earlier)]
    before: set[str] = set().union(*(taught_patients(project, c, task.marks) for c in cards))
    new = replace(card, trained_on=(*task.training, *task.validation))
    seen = before | taught_patients(project, new, task.marks)
    judging, left_out = [], {}
    for case in task.test:
        if task.marks[case] in seen:
            left_out[case] = "Its patient trained one of the models, or one they descend from."
        elif case in examples:
            judging.append(examples[case])
    return judging, left_out, {case for case in examples if task.marks[case] not in before}


def _line(card: TrainedCard) -> list[TrainedCard]:
    """Return the ancestors of a model that are known on this machine."""
    from napari_medssl.models.trained import trained_cards

    known = {one.sha256: one for one in trained_cards().values()}
    found: list[TrainedCard] = []
    while (parent := known.get(card.parent)) is not None and parent not in found:
        found.append(parent)
        card = parent
    return found


def _old(sitting: Sitting, new: _Side, bench: _Bench) -> _Side:
    """Return the model in use, or where there is none what places alone tell."""
    task, examples = bench.task, bench.examples
    if task.old:
        return _model(Path(task.old), bench.job.spec.device, bench.should_stop)
    classes = new.card.classes if new.card is not None else ()
    taught = [examples[case] for case in sitting.taught_by if case in examples]
    return _Side(None, bench.places.told_by(taught, [one.value for one in classes]))


def _model(path: Path, device: str, stop: Callable[[], bool]) -> _Side:
    from napari_medssl.segment.automatic import load_automatic

    segmenter = load_automatic(str(path), device)
    return _Side(segmenter.card, lambda _, case: segmenter.run(case.volume, stop=stop).labels)


def _figures(
    example: Example, sides: tuple[_Side, _Side], project: Project, job: Job
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Measure both on one case, where somebody looked, and keep their masks."""
    from napari_medssl.cli.learn_examples import classes_of
    from napari_medssl.evaluate.table import compare_masks
    from napari_medssl.project.learn_task import MASKS

    case, (old, new) = example.read(), sides
    volume = case.volume
    masks = {"old": old.segment(example, case), "new": new.segment(example, case)}
    _keep_masks(job.artifacts / MASKS, example.id, masks)
    classes = [one for side in (old, new) if side.card for one in side.card.classes]
    own = {value: one.name for value, one in classes_of(project).items()}
    names = {one.value: own.get(one.value, one.name) for one in classes}
    measure = partial(
        compare_masks,
        example.id,
        reference=_seen(case.labels, case),
        geometry=volume.geometry,
        names=dict(sorted(names.items())),
        unit="mm" if volume.spacing_known else "px",
    )
    first, second = (measure(_seen(masks[side], case)) for side in ("old", "new"))
    if not volume.spacing_known:  # a distance in pixels is none in mm
        first, second = (
            tuple(replace(row, hd95=float("nan")) for row in rows) for rows in (first, second)
        )
    return first, second


def _seen(labels: NDArray[Any], case: Labelled) -> NDArray[Any]:
    return labels if case.looked_at is None else np.where(case.looked_at, labels, 0)


def _keep_masks(folder: Path, case_id: str, masks: Mapping[str, NDArray[Any]]) -> None:
    from napari_medssl.io import atomic_write

    folder.mkdir(exist_ok=True)

    def fill(part: Path) -> None:
        with part.open("wb") as stream:
            np.savez_compressed(stream, old=masks["old"], new=masks["new"])

    atomic_write(folder / f"{case_id}.npz", fill)
