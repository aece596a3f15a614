"""Judging what was learned, and what was before, on cases of patients that neither ever saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import MedSSLError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_medssl.evaluate.table import Row
    from napari_medssl.finetune.gate import Gate
    from napari_medssl.finetune.volumes.examples import Example, Labelled
    from napari_medssl.jobs import Job, Report
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project
    from napari_medssl.project.learn_task import LearnTask
    from napari_medssl.volume import Volume

    Segment = Callable[[Volume], NDArray[Any]]

_TOO_FEW = "fewer than three patients are done"
_NONE_DONE = "no case of a patient who judges is done and may judge"


@dataclass(frozen=True, eq=False)
class _Side:
    """The old or the new one."""

    card: TrainedCard | None  # None for the position prior
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
    from napari_medssl.finetune.volumes.plan import WEIGHTS
    from napari_medssl.jobs.files import put_json
    from napari_medssl.project.learn_task import GATE, LearnTask

    task = LearnTask.of(job.spec.arguments)
    judging, left_out = _judging(project, task, card, examples)
    for case, why in left_out.items():
        report.warning(f"{case} does not judge: {why}")
    judged = _Judged()
    if judging:
        new = _model(job.artifacts / WEIGHTS, job.spec.device, should_stop)
        sides = _old(task, card, examples, job.spec.device, should_stop), new
        for done, example in enumerate(judging):
            if should_stop():
                return False
            report.progress(done, len(judging), "Judging on cases it never saw")
            try:
                judged.add(_figures(example, sides, project, job))
            except StoppedError:
                return False
            except MedSSLError as error:
                left_out[example.id] = str(error)
                report.warning(f"{example.id} does not judge: {error}")
    gate = _gate(task, judged, job.spec.seed)
    gained = {"dice gained": gate.difference.mean} if gate.difference else {}
    report.metric(len(judging), note=gate.words, **gained)
    told = {**gate.as_row(), "against": _against(task), "left_out": left_out}
    put_json(job.artifacts / GATE, {**told, "sha256": card.sha256, "old_sha256": _old_sha256(task)})
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


def _gate(task: LearnTask, judged: _Judged, seed: int) -> Gate:
    from napari_medssl.finetune.gate import LEAST_PATIENTS, not_measured, weigh

    if judged.new:
        return weigh(judged.old, judged.new, task.marks, against=_against(task), seed=seed)
    done = {task.marks[case] for case in (*task.taught, *task.test)}
    return not_measured(_TOO_FEW if len(done) < LEAST_PATIENTS else _NONE_DONE)


def _against(task: LearnTask) -> str:
    return "the model in use" if task.old else "what places alone tell"


def _old_sha256(task: LearnTask) -> str:
    from napari_medssl.models.trained import read_card

    return read_card(Path(task.old)).sha256 if task.old else ""


def _judging(
    project: Project, task: LearnTask, card: TrainedCard, examples: Mapping[str, Example]
) -> tuple[list[Example], dict[str, str]]:
    """Return who judges, and who may not: who trained one of the two, whatever the roles say."""
    from napari_medssl.models.trained import read_card
    from napari_medssl.project.ledger import taught_patients

    new = replace(card, trained_on=(*task.training, *task.validation))
    cards = [new, *_line(card)]
    for path in filter(None, (task.old, task.start)):
        earlier = read_card(Path(path))
        cards += [earlier, *_line(earlier)]
    seen = set().union(*(taught_patients(project, one, task.marks) for one in cards))
    judging, left_out = [], {}
    for case in task.test:
        if task.marks[case] in seen:
            left_out[case] = "Its patient trained one of the models, or one they descend from."
        elif case in examples:
            judging.append(examples[case])
    return judging, left_out


def _line(card: TrainedCard) -> list[TrainedCard]:
    """Return the ancestors of a model that are known on this machine."""
    from napari_medssl.models.trained import trained_cards

    known = {one.sha256: one for one in trained_cards().values()}
    found: list[TrainedCard] = []
    while (parent := known.get(card.parent)) is not None and parent not in found:
        found.append(parent)
        card = parent
    return found


def _old(
    task: LearnTask,
    card: TrainedCard,
    examples: Mapping[str, Example],
    device: str,
    stop: Callable[[], bool],
) -> _Side:
    """Return the model in use, or where there is none what places alone tell."""
    if task.old:
        return _model(Path(task.old), device, stop)
    from napari_medssl.finetune.position_prior import position_prior

    def masks() -> Iterator[tuple[NDArray[Any], NDArray[np.bool_] | None]]:
        for case in card.trained_on:
            if case in examples:
                one = examples[case].read()
                yield one.labels, one.looked_at

    prior = position_prior(masks(), [one.value for one in card.classes])
    return _Side(None, lambda volume: prior.expected(volume.geometry.shape))


def _model(path: Path, device: str, stop: Callable[[], bool]) -> _Side:
    from napari_medssl.segment.automatic import load_automatic

    segmenter = load_automatic(str(path), device)
    return _Side(segmenter.card, lambda volume: segmenter.run(volume, stop=stop).labels)


def _figures(
    example: Example, sides: tuple[_Side, _Side], project: Project, job: Job
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Measure both on one case, where somebody looked, and keep their masks."""
    from napari_medssl.cli.learn_examples import classes_of
    from napari_medssl.evaluate.table import compare_masks
    from napari_medssl.project.learn_task import MASKS

    case, (old, new) = example.read(), sides
    volume = case.volume
    masks = {"old": old.segment(volume), "new": new.segment(volume)}
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
