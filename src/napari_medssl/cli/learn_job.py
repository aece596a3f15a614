"""The job behind ``medssl finetune``: cases in, a trained network out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.finetune.volumes.examples import Example
    from napari_medssl.finetune.volumes.judging import Look
    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.finetune.volumes.prepared import Prepared
    from napari_medssl.finetune.volumes.wanted import Tools, Wanted
    from napari_medssl.jobs import Job, Report
    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.report import Report as Told
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project

KIND = "finetune"

_OVERLAP = 0.25


def run_finetune_job(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Teach a network the cases of a project or of folders; see `jobs.Recipe`.

    Of the job's artifacts ``model.safetensors`` and its card are the result.
    """
    from napari_medssl.finetune.volumes.learning import learn

    given = job.spec.arguments
    with ExitStack() as opened:
        project = opened.enter_context(_opened(job, given["source"], "cases"))
        training, held_out = _split(project, given, job.spec.seed)
        if given.get("held_out"):
            other = opened.enter_context(_opened(job, given["held_out"], "held-out"))
            held_out = _renamed(_examples(other, given["held_out"]))
        wanted = wanted_of(job, project, training, held_out)
        card = learn(wanted, job.artifacts, tools_of(job, report, should_stop))
        if card is not None:
            tell_origin(job, project, card)
    return card is not None and not should_stop()


def wanted_of(
    job: Job, project: Project, training: Sequence[Example], held_out: Sequence[Example]
) -> Wanted:
    """Return what a job of this kind, or one like it, is to learn."""
    from napari_medssl.cli.learn_examples import classes_of
    from napari_medssl.finetune.volumes.wanted import Wanted

    given = job.spec.arguments
    return Wanted(
        training=training,
        held_out=held_out,
        labels=classes_of(project),
        title=given["title"],
        device=job.spec.device,
        threads=given["threads"],
        minutes=given["minutes"],
        steps=given["steps"],
        seed=job.spec.seed,
        network=given["network"],
        start=Path(given["start"]) if given["start"] else None,
        protocol=given.get("protocol", "ours"),
    )


def tools_of(job: Job, report: Told, should_stop: Callable[[], bool]) -> Tools:
    """Return what learning is lent in a job; its pictures go to the artifacts."""
    from napari_medssl.finetune.volumes.wanted import Tools
    from napari_medssl.io import atomic_write

    return Tools(
        write=atomic_write,
        look_with=look_with,
        report=report,
        show=_Pictures(job.artifacts),
        stop=should_stop,
    )


def tell_origin(job: Job, project: Project, card: TrainedCard) -> TrainedCard:
    """Write into the card in which project the ids of its training cases count."""
    from dataclasses import replace

    from napari_medssl.finetune.volumes.plan import WEIGHTS
    from napari_medssl.io import atomic_write
    from napari_medssl.models.trained import write_card
    from napari_medssl.project.ledger import origin_of

    told = replace(card, source=origin_of(project))
    write_card(told, job.artifacts / WEIGHTS, atomic_write)
    return told


def look_with(plan: VolumePlan, device: str) -> Look:
    """Return what finds classes in a prepared image, window by window."""
    from napari_medssl.segment.predictor import Predictor
    from napari_medssl.segment.sliding_window import SlidingWindow
    from napari_medssl.segment.windows import Windows

    sides = list(plan.patch)
    flat = plan.dimensions == 2
    if flat:
        sides.insert(plan.slice_axis, 1)

    def look(network: SegmentationNetwork, image: NDArray[Any]) -> NDArray[Any]:
        windows = Windows(image.shape[1:], tuple(sides), _OVERLAP)
        predict = Predictor(network, device).predict(
            slice_axis=plan.slice_axis if flat else None, mirror_axis=None, half=None
        )
        sliding = SlidingWindow(predict, network.classes, device=device)
        axis = windows.longest_axis
        rows = sliding.rows(image, windows, axis)
        classes = [part.logits.argmax(-1).to("cpu").numpy().astype(np.uint8) for part in rows]
        found: NDArray[Any] = np.moveaxis(np.concatenate(classes), 0, axis)
        return found

    return look


def _opened(job: Job, source: Mapping[str, Any], name: str) -> Project:
    from napari_medssl.cli.nnunet_source import open_source

    work = job.artifacts / name
    work.mkdir(exist_ok=True)
    return open_source(source, work)


def _examples(project: Project, source: Mapping[str, Any]) -> list[Example]:
    from napari_medssl.cli.learn_examples import examples_of

    return examples_of(project, everything="images" in source or bool(source.get("everything")))


def _split(
    project: Project, given: Mapping[str, Any], seed: int
) -> tuple[list[Example], list[Example]]:
    """Hold out whole patients, where there are enough."""
    from napari_medssl.finetune import hold_out

    examples = _examples(project, given["source"])
    part = given["held_out_part"]
    if not part or given.get("held_out"):
        return examples, []
    judging = hold_out([one.patient for one in examples], part, seed)
    return (
        [one for one in examples if one.patient not in judging],
        [one for one in examples if one.patient in judging],
    )


def _renamed(examples: Sequence[Example]) -> list[Example]:
    """Give cases of another project ids that are not taken."""
    from dataclasses import replace

    return [replace(one, id=f"held-out-{one.id}") for one in examples]


class _Pictures:
    """Draws a held-out case as it learns: what was drawn as a line, what was found in colour."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, step: int, case: Prepared, found: NDArray[Any]) -> None:
        """Write ``preview-000100.png``."""
        from napari_medssl.io.learning_picture import write_learning_picture

        path = self._folder / f"preview-{step:06d}.png"
        write_learning_picture(path, case.image[0], case.classes, found, case.spacing_mm)
