"""nnU-Net's panel in words: the cases, the plan, the effort, and how a run is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.automatic.run import time_left
from napari_medssl._napari.presenters.jobs.words import device_words, moment
from napari_medssl.finetune.nnunet.request import all_epochs
from napari_medssl.finetune.nnunet.settings import LEAST_CASES

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.automatic.canvas import OpenProject
    from napari_medssl._napari.presenters.jobs.watch import Seen
    from napari_medssl.finetune.nnunet.configurations import Configuration
    from napari_medssl.finetune.nnunet.request import PlannedCases
    from napari_medssl.finetune.nnunet.settings import NnunetSettings
    from napari_medssl.project.proposing import ProposeReport

_OWN_EPOCHS = 1000  # nnU-Net's
_DAYS_OF_STEPS = 10_000  # on a processor, where a step takes many seconds


def place_words(there: OpenProject | None, count: int, *, everything: bool) -> str:
    """Say on how many cases of the open project it would be trained."""
    if there is None:
        return "Open a project first: nnU-Net is trained on the cases of a project."
    have = "have an outline" if everything else "are done"
    told = f"{count} of {_cases(len(there.cases))} {have}"
    if count >= LEAST_CASES:
        return f"{told}: nnU-Net is trained on these, and segments the others in the end."
    do = "Outline" if everything else "Mark as done"
    return (
        f"{told}. nnU-Net needs {LEAST_CASES} or more, as it measures itself in five folds. "
        f"{do} {LEAST_CASES - count} more."
    )


def planned_words(
    plan: Seen | None, planned: PlannedCases | None, count: int, settings: NnunetSettings
) -> str:
    """Say how far the look at the cases is, and for what it was made."""
    if plan is None:
        return "nnU-Net looks at the images and decides on its networks; that takes minutes."
    status = plan.status
    if status.state in ("queued", "running"):
        far = f" {status.done:.0f} of {status.total:.0f}." if status.total else ""
        return f"{status.doing or 'It waits for its turn'}…{far}"
    if status.state != "done":
        return f"The last look at the cases did not end. {status.message}".rstrip()
    if planned is None:
        return ""
    told = [f"Planned for {_cases(planned.cases)}, {moment(status.since)}."]
    if planned.cases != count:
        told.append(f"There are {count} now: look at them again.")
    if planned.memory_gb != settings.memory_gb:
        told.append(f"The windows fit into {planned.memory_gb:g} GB: look again for others.")
    return " ".join([*told, *planned.notes])


def configuration_words(one: Configuration) -> str:
    """Say what a configuration works with, or why it is not made."""
    title = one.title[:1].upper() + one.title[1:]
    if not one.is_made:
        return f"{title}. Not for these images: {one.reason}"
    window = " x ".join(map(str, one.patch))
    spacing = " x ".join(f"{mm:.3g}" for mm in one.spacing_mm)
    return f"{title}. {one.batch} windows of {window} voxels a step, at {spacing} mm."


def effort_words(settings: NnunetSettings) -> str:
    """Say how much is asked for, and what that means on a device."""
    trainings = all_epochs(settings) // settings.epochs
    told = (
        f"{_count(trainings, 'training')} of {_count(settings.epochs, 'epoch')}, each of "
        f"{_count(settings.iterations, 'step')}: {_count(settings.epochs * trainings, 'epoch')} on "
        f"the {device_words(settings.device)}."
    )
    epochs, how_long = settings.epochs * trainings, ""
    if settings.device != "cpu":
        how_long = "That is days on one GPU." * (epochs >= _OWN_EPOCHS)
    elif epochs * settings.iterations >= _DAYS_OF_STEPS:
        how_long = (
            "There is no GPU, or it is not chosen: that takes days or weeks. Choose 2d, one fold, "
            "and few epochs and steps."
        )
    soon = "The time left is shown as soon as the first steps are done."
    return " ".join(part for part in (told, how_long, soon) if part)


def run_words(run: Seen | None) -> str:
    """Say how the last run is."""
    if run is None:
        return "Nothing was trained on this project yet."
    status, title = run.status, run.job.spec.title
    if status.state == "queued":
        return f"{title} waits for the {device_words(run.job.spec.device)}."
    if status.state == "running":
        left = time_left(status.seconds_left) if status.seconds_left is not None else ""
        return f"{title}: {status.doing or 'it begins'}. {left}".rstrip()
    if status.state != "done":
        return f"{title} did not end. {status.message} It can be resumed in Jobs."
    dice = {name: value for name, value in status.metrics.items() if name.startswith("dice ")}
    best = dice.get("dice chosen")
    measured = f" Mean Dice on cases that its folds had not seen: {best:.3f}." if best else ""
    return f"{title} is done, {moment(status.since)}.{measured}"


def report_words(report: ProposeReport) -> str:
    """Say which cases have proposals now."""
    told = f"{_cases(len(report.done))} got a proposal: open one and look at it in Automatic."
    if report.left_out:
        case, why = next(iter(report.left_out.items()))
        told += f" {len(report.left_out)} left out; {case}: {why}"
    return told


def _cases(count: int) -> str:
    return _count(count, "case")


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
