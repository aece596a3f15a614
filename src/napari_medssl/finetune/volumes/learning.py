"""From cases to a trained network: look at them, plan, prepare, learn, and save."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.facts import survey
from napari_medssl.finetune.volumes.plan import WEIGHTS, VolumePlan
from napari_medssl.finetune.volumes.planning import plan_for
from napari_medssl.finetune.volumes.prepared import prepare_all
from napari_medssl.finetune.volumes.probe import fitting, probed, smaller
from napari_medssl.finetune.volumes.protocols import (
    protocol,
    require_judges,
    require_protocol,
    under,
)
from napari_medssl.finetune.volumes.recipe import PREPARED, STATE, Lesson, teach
from napari_medssl.models.machine import Machine
from napari_medssl.models.memory import ran_out
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.saved_plan import read_plan_row, write_plan_row
from napari_medssl.models.team import Team
from napari_medssl.models.trained import OutputClass, TrainedCard, read_card
from napari_medssl.models.trained_weights import load_start, read_trained, save_trained

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_medssl.finetune.volumes.examples import Example
    from napari_medssl.finetune.volumes.facts import Survey
    from napari_medssl.finetune.volumes.prepared import Prepared
    from napari_medssl.finetune.volumes.recipe import Taught
    from napari_medssl.finetune.volumes.wanted import Tools, Wanted
    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.report import Report


def learn(wanted: Wanted, folder: Path, tools: Tools) -> TrainedCard | None:
    """Learn from cases; go on where a run was stopped or killed.

    Parameters
    ----------
    wanted : Wanted
        What.
    folder : Path
        An existing folder: gets ``model.safetensors`` with its card, and what a run needs to go on.
    tools : Tools
        What it is lent.

    Returns
    -------
    TrainedCard or None
        Of the best network so far; None if it was stopped before there was one.

    Raises
    ------
    UsageError
        If there is nothing to learn from.
    WeightsError
        If the weights to begin with do not fit.
    MedSSLError
        If memory or disk do not suffice, or the loss is no longer a number.
    """
    report = tools.report
    examples = (*wanted.training, *wanted.held_out)
    found = survey(examples, lambda n: report.progress(n, len(examples), "Reading the cases"))
    for case, why in found.left_out.items():
        report.warning(f"{case} was left out: {why}")
    readable = {case.id for case in found.cases}
    training = [one for one in wanted.training if one.id in readable]
    held_out = [one for one in wanted.held_out if one.id in readable]
    _require_apart(training, held_out)
    require_judges(wanted.protocol, bool(held_out))
    if tools.stop():
        return None
    start = read_card(wanted.start) if wanted.start is not None else None
    team, row = Team.here(), read_plan_row(folder)
    kept = VolumePlan.from_row(row) if row is not None else None
    plan = kept or _first_plan(wanted, found, start)
    if kept is None:
        _warn(found, wanted.labels, report)

    def prepared(some: list[Example]) -> list[Prepared]:
        def told(done: int) -> None:
            report.progress(done, len(some), "Preparing the cases")

        return prepare_all(some, plan, folder / PREPARED, tools.write, told)

    learned, judged = prepared(training), prepared(held_out)
    network = _network(plan, wanted, start, report).to(wanted.device)
    if kept is None:
        report.progress(0, 0, "Measuring what this machine can do")
        minutes = wanted.minutes if wanted.steps is None else None
        plan = fitting(plan, network)
        if protocol(plan.protocol).learns != "nothing":
            plan = _probed_share(plan, network, learned, minutes, team)
        write_plan_row(folder, plan.as_row(), tools.write)
    for reason in plan.reasons:
        report.metric(0, note=reason)

    def taught_by(plan: VolumePlan) -> Taught:
        settings = _settings(plan, training, held_out, start)
        look = tools.look_with(plan, wanted.device)
        lesson = Lesson(folder, settings, tools.write, report, look, tools.show, tools.stop, team)
        return teach(network, learned, judged, plan, lesson)

    try:
        taught = taught_by(plan)
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error) or team.size > 1:
            raise
        plan = smaller(plan, network)
        report.warning(f"{plan.reasons[-1]} Learning begins again.")
        (folder / STATE).unlink(missing_ok=True)
        write_plan_row(folder, plan.as_row(), tools.write)
        network = _network(plan, wanted, start, report).to(wanted.device)
        taught = taught_by(plan)
    if not taught.progress.step:
        return None
    network.load_state_dict(taught.weights)
    card = _card(plan, wanted, found, training, start, taught, network)
    saved = save_trained(network, card, folder / WEIGHTS, tools.write)
    if taught.finished:
        (folder / STATE).unlink(missing_ok=True)
    return saved


def _probed_share(
    plan: VolumePlan,
    network: SegmentationNetwork,
    cases: Sequence[Prepared],
    minutes: float | None,
    team: Team,
) -> VolumePlan:
    """Measure what this machine can do with one process's share of a batch."""
    batch = max(plan.batch, team.size)
    share = probed(replace(plan, batch=-(-batch // team.size)), network, cases, minutes=minutes)
    if team.size == 1:
        return share
    words = f"{team.size} processes learn together, from {batch} crops a step."
    return replace(share, batch=batch, reasons=(*share.reasons, words))


def _require_apart(training: Sequence[Example], held_out: Sequence[Example]) -> None:
    if not training:
        raise UsageError("no case to learn from", expected="at least one with a finished mask")
    both = {one.patient for one in training} & {one.patient for one in held_out}
    if both:
        shared = next(one.id for one in held_out if one.patient in both)
        raise UsageError(
            f"'{shared}' to judge by, of a patient that is learned from",
            expected="each patient on one side only",
        )


def _first_plan(wanted: Wanted, found: Survey, start: TrainedCard | None) -> VolumePlan:
    names = {value: label.name for value, label in wanted.labels.items()}
    machine = Machine(wanted.device, wanted.threads)
    plan = plan_for(
        found,
        names,
        machine,
        start=start,
        network=wanted.network,
        seed=wanted.seed,
        steps=wanted.steps or 1,
    )
    require_protocol(wanted.protocol, network=plan.network, begins_with_weights=start is not None)
    return under(plan, wanted.protocol)


def _warn(found: Survey, labels: Mapping[int, OutputClass], report: Report) -> None:
    if len(found.modalities) > 1:
        report.warning(
            f"The images are of several kinds ({', '.join(found.modalities)}); a network learns "
            "one kind better."
        )
    for value in sorted({*found.labels, *labels}):
        cases = sum(value in case.extents_mm for case in found.cases)
        name = f"'{labels[value].name}'" if value in labels else f"The label {value}"
        if cases == 0:
            report.warning(f"{name} is drawn on no case that is learned from: it is not learned.")
        elif cases == 1 < len(found.cases):
            report.warning(f"{name} is drawn on one case only.")


def _network(
    plan: VolumePlan, wanted: Wanted, start: TrainedCard | None, report: Report
) -> SegmentationNetwork:
    """Build the network, with the weights that it begins with."""
    torch.manual_seed(wanted.seed)
    network = build_network(
        plan.network,
        dimensions=plan.dimensions,
        in_channels=plan.in_channels,
        classes=len(plan.values) + 1,
        **plan.arguments,
    )
    if start is None or wanted.start is None:
        return network
    taken = load_start(network, read_trained(wanted.start, start), start.parts)
    count = len(network.state_dict())
    report.metric(0, note=f"{taken} of {count} tensors come from '{start.title}'.")
    if start.parts:
        others = [part for part in network.encoder_parts if part not in start.parts]
        words = f"Of its encoder {' and '.join(others)} did not learn there"
        report.metric(0, note=f"{words}: they begin at random, as the decoder does.")
    return network


def _settings(
    plan: VolumePlan,
    training: Sequence[Example],
    held_out: Sequence[Example],
    start: TrainedCard | None,
) -> str:
    """Hash all that the result depends on; what is drawn was copied when it was prepared."""
    told = [
        plan.as_row(),
        [one.id for one in training],
        [one.id for one in held_out],
        start.sha256 if start else "",
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _card(
    plan: VolumePlan,
    wanted: Wanted,
    found: Survey,
    training: Sequence[Example],
    start: TrainedCard | None,
    taught: Taught,
    network: SegmentationNetwork,
) -> TrainedCard:
    z, y, x = found.median(lambda case: case.spacing_mm)
    best = taught.progress.best
    judged = f"; mean Dice {best:.3f} on {len(wanted.held_out)} held-out cases" if best else ""
    flat = plan.dimensions == 2
    return TrainedCard(
        name=WEIGHTS.partition(".")[0],
        title=wanted.title,
        network=plan.network,
        dimensions=plan.dimensions,
        in_channels=plan.in_channels,
        classes=tuple(wanted.labels.get(v, OutputClass(v, f"label {v}")) for v in plan.values),
        patch=plan.patch,
        steps=plan.preparation,
        arguments=plan.arguments,
        slice_axis=plan.slice_axis if flat else -1,
        modalities=tuple(m for m in found.modalities if m != "OT"),
        spacing_mm=(round(z, 3), round(y, 3), round(x, 3)),
        method="corrections",
        trained_on=tuple(one.id for one in training),
        licence=start.licence if start else "",
        about=f"Learned from {len(training)} cases in {taught.progress.step:,} steps{judged}.",
        parent=start.sha256 if start else "",
        mirrored=plan.mirrored,
    )
