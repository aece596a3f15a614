"""From unlabelled images to an encoder: survey, plan, prepare, probe, learn, save."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_medssl.models.saved_plan import read_plan_row, write_plan_row
from napari_medssl.models.team import Team
from napari_medssl.models.trained import TrainedCard
from napari_medssl.models.trained_weights import save_trained
from napari_medssl.pretrain.cards import method_card
from napari_medssl.pretrain.images.accepted import accepted, compared
from napari_medssl.pretrain.images.kept_survey import read_seen, write_seen
from napari_medssl.pretrain.images.left_out import left_out_words
from napari_medssl.pretrain.images.prepared import prepare_images
from napari_medssl.pretrain.images.survey import survey_images
from napari_medssl.pretrain.method import method_for, network_for
from napari_medssl.pretrain.plan import WEIGHTS, PretrainPlan
from napari_medssl.pretrain.planning.enough import require_images
from napari_medssl.pretrain.planning.planner import plan_pretraining
from napari_medssl.pretrain.planning.rehearsal import rehearse
from napari_medssl.pretrain.planning.trial_steps import probed
from napari_medssl.pretrain.recipe import PREPARED, STATE, Lesson, pretrain
from napari_medssl.pretrain.watching.watched_probe import WatchedProbe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.models.networks.planned import PlannedNetwork
    from napari_medssl.models.report import Report
    from napari_medssl.models.weights import AtomicWrite
    from napari_medssl.pretrain.images.prepared import PreparedImage, Source
    from napari_medssl.pretrain.images.survey import ImageSurvey
    from napari_medssl.pretrain.method import Method
    from napari_medssl.pretrain.planning.planner import ScaleName
    from napari_medssl.pretrain.recipe import Pretrained
    from napari_medssl.pretrain.watching.voxel_features import Drawn


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be learned.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    sources : sequence of Source
        The images.
    title : str
        Of the encoder, for people.
    device : str
        ``"cpu"``, ``"cuda:0"`` or ``"mps"``.
    threads : int
        Of the processor.
    minutes : float or None
        How long it may learn.
    steps : int or None
        How often weights change, instead of a time; the paper's with neither.
    scale : {"here", "paper"}
        What this machine can do in minutes, or what the paper says.
    network : str or None
        Key of a `NetworkCard`; chosen where None.
    planned : PlannedNetwork or None
        What nnU-Net planned, for the network that is built from it.
    dimensions : int or None
        2 or 3; chosen by the images where None.
    seed : int
        Decides every random draw.
    changes : mapping
        Fields of the plan, or settings of the method, that are wanted otherwise.
    drawn : sequence of Drawn
        A few labelled images, to tell how far the encoder is; nothing is learned from them.
    """

    method: str
    sources: Sequence[Source]
    title: str
    device: str
    threads: int
    minutes: float | None = 10.0
    steps: int | None = None
    scale: ScaleName = "here"
    network: str | None = None
    planned: PlannedNetwork | None = None
    dimensions: int | None = None
    seed: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    drawn: Sequence[Drawn] = ()


@dataclass(frozen=True, eq=False)
class Tools:
    """What a run is lent: this package may import neither files nor windows.

    Parameters
    ----------
    write : callable
        ``io.atomic_write``.
    report : Report
        Is told of everything.
    show : callable
        Step and pictures by title.
    stop : callable
        True ends the run; it can go on later.
    """

    write: AtomicWrite
    report: Report
    show: Callable[[int, Mapping[str, NDArray[Any]]], None] = lambda *_: None
    stop: Callable[[], bool] = lambda: False


def learn_without_labels(wanted: Wanted, folder: Path, tools: Tools) -> TrainedCard | None:
    """Learn from images alone; go on where a run was stopped or killed.

    Parameters
    ----------
    wanted : Wanted
        What.
    folder : Path
        An existing folder: gets ``encoder.safetensors`` with its card, and what a run needs to
        go on.
    tools : Tools
        What it is lent.

    Returns
    -------
    TrainedCard or None
        Of the encoder so far; None if it was stopped before there was one.

    Raises
    ------
    UsageError
        If there are too few images, or the method does not go with the network.
    MedSSLError
        If memory or disk do not suffice, or the loss is no longer a number.
    """
    report, count, team = tools.report, len(wanted.sources), Team.here()
    row = read_plan_row(folder)
    kept = PretrainPlan.from_row(row) if row is not None else None
    if kept is None:
        require_images(wanted.method, count)
        _rehearse(wanted, team)
    found = survey_images(
        wanted.sources,
        lambda n: report.progress(n, count, "Reading the images"),
        before=read_seen(folder),
        keep=lambda seen: write_seen(folder, seen, tools.write),
    )

    def leave_out(images: Mapping[str, str]) -> None:
        if kept is None:  # else it was said when the plan was made
            for words in left_out_words(images):
                report.warning(words)

    leave_out(found.left_out)
    if tools.stop():
        return None
    plan = kept or _first_plan(wanted, found, team)
    there = {image.id for image in found.images}
    images, no_use = prepare_images(
        [source for source in wanted.sources if source.id in there],
        plan,
        folder / PREPARED,
        tools.write,
        lambda n: report.progress(n, len(there), "Preparing the images"),
    )
    leave_out(no_use)
    method = method_for(plan, wanted.device)
    images = accepted(method, images, count, leave_out)
    if kept is None:
        method.plan = compared(plan, images, team.size, report.warning)
        report.progress(0, 0, "Measuring what this machine can do")
        plan = _probed_share(method, images, wanted, team)
        if words := method.decided(images):
            plan = replace(plan, reasons=(*plan.reasons, words))
        write_plan_row(folder, plan.as_row(), tools.write)
        method = method_for(plan, wanted.device)
    for reason in plan.reasons:
        report.metric(0, note=reason)
    settings = _settings(plan, images)
    probe = WatchedProbe.of(wanted.drawn, plan, report.warning)
    lesson = Lesson(folder, settings, tools.write, report, tools.show, tools.stop, team, probe)
    left = pretrain(method, images, lesson)
    if not left.steps:
        return None
    card = _card(plan, wanted, found, images, left, method)
    saved = save_trained(method.network, card, folder / WEIGHTS, tools.write)
    if left.finished:
        (folder / STATE).unlink(missing_ok=True)
        shutil.rmtree(folder / PREPARED, ignore_errors=True)
    return saved


def _rehearse(wanted: Wanted, team: Team) -> None:
    """Refuse at once what cannot be whatever the images; a recipe as it is needs no trial."""
    if wanted.network or wanted.changes:
        dimensions = wanted.dimensions or len(wanted.changes.get("crop", ())) or None
        rehearse(lambda made_up: _first_plan(wanted, made_up, team), dimensions)


def _probed_share(
    method: Method, images: Sequence[PreparedImage], wanted: Wanted, team: Team
) -> PretrainPlan:
    """Measure what this machine can do with one process's share of a batch."""
    plan, minutes = method.plan, None if wanted.steps else wanted.minutes
    own = method_card(plan.method).recipe(wanted.scale).rising
    rising = None if "warm_up" in wanted.changes else own
    if team.size == 1:
        return probed(method, images, minutes=minutes, rising=rising)
    share = max(plan.batch // team.size, method_card(plan.method).least_batch)
    alone = method_for(replace(plan, batch=share), wanted.device)
    found = probed(alone, images, minutes=minutes, rising=rising)
    words = f"{team.size} processes learn together, from {plan.batch} images a step."
    return replace(found, batch=plan.batch, reasons=(*found.reasons, words))


def _fitting(plan: PretrainPlan) -> PretrainPlan:
    """Return the plan with crops whose sides the network takes."""
    return replace(plan, crop=network_for(plan).sides_for(plan.crop))


def _first_plan(wanted: Wanted, found: ImageSurvey, team: Team) -> PretrainPlan:
    asked = 0 if wanted.scale == "paper" and wanted.minutes is None else 1
    plan = plan_pretraining(
        wanted.method,
        found,
        scale=wanted.scale,
        network=wanted.network,
        planned=wanted.planned,
        dimensions=wanted.dimensions,
        steps=wanted.steps or asked,
        seed=wanted.seed,
        threads=wanted.threads,
        device=wanted.device,
        processes=team.size,
        changes=wanted.changes,
    )
    return plan if "crop" in wanted.changes else _fitting(plan)


def _settings(plan: PretrainPlan, images: Sequence[PreparedImage]) -> str:
    """Hash all that the result depends on."""
    told = [plan.as_row(), [(image.id, image.array.shape) for image in images]]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _card(
    plan: PretrainPlan,
    wanted: Wanted,
    found: ImageSurvey,
    images: Sequence[PreparedImage],
    left: Pretrained,
    method: Method,
) -> TrainedCard:
    z, y, x = found.median(lambda image: image.spacing_mm)
    card = method_card(plan.method)
    masks = "and their masks" if any(one.inside is not None for one in images) else "without masks"
    parts = " and ".join(method.handed_on)
    about = (
        f"Learned by {card.title} from {len(images)} images {masks} in {left.steps:,} steps.",
        f"Of the encoder only {parts} learned, and is in the file." if parts else "",
        method.decided(images),
        left.collapsed,
    )
    return TrainedCard(
        name=WEIGHTS.partition(".")[0],
        title=wanted.title,
        network=plan.network,
        dimensions=plan.dimensions,
        in_channels=plan.in_channels,
        classes=(),
        patch=plan.crop,
        steps=plan.preparation,
        holds=method.holds,
        parts=method.handed_on,
        arguments=plan.arguments,
        slice_axis=plan.slice_axis if plan.dimensions == 2 else -1,
        modalities=tuple(m for m in found.modalities if m != "OT"),
        spacing_mm=(round(z, 3), round(y, 3), round(x, 3)),
        method=plan.method,
        trained_on=tuple(image.id for image in images),
        about=" ".join(words for words in about if words),
        source=card.source,
        trouble=left.collapsed,
    )
