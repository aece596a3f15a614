"""A whole run of nnU-Net on one page: plan, prepare, train every fold, choose, keep the model."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.finetune.nnunet.configurations import chosen, configurations, folds_of
from napari_medssl.finetune.nnunet.planning import plan, prepare
from napari_medssl.finetune.nnunet.reporting import Pace, TrainingStoppedError
from napari_medssl.finetune.nnunet.selection import choose_best, make_model
from napari_medssl.finetune.nnunet.start import read_start
from napari_medssl.finetune.nnunet.training import require_fitting, train_fold
from napari_medssl.models.weights import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_medssl.finetune.nnunet.folders import NnunetFolders
    from napari_medssl.finetune.nnunet.model import NnunetCard, OutputLabel
    from napari_medssl.finetune.nnunet.settings import NnunetSettings
    from napari_medssl.finetune.nnunet.start import Start
    from napari_medssl.models.report import Report
    from napari_medssl.models.weights import AtomicWrite

_PACKAGES = ("napari-medssl", "nnunetv2", "torch", "dynamic-network-architectures")


@dataclass(frozen=True)
class TrainingSet:
    """What a run is trained on.

    Parameters
    ----------
    folders : NnunetFolders
        In which nnU-Net finds it.
    labels : tuple of OutputLabel
        What its label values mean.
    cases : mapping of str to str
        Ids of the training cases, and the hash of each image.
    """

    folders: NnunetFolders
    labels: tuple[OutputLabel, ...]
    cases: Mapping[str, str]


def run(
    training: TrainingSet,
    settings: NnunetSettings,
    out: Path,
    report: Report,
    should_stop: Callable[[], bool],
    write: AtomicWrite,
) -> NnunetCard:
    """Train nnU-Net; what an earlier run of the same settings finished is not done again.

    To be called within `folders.surroundings`.

    Parameters
    ----------
    training : TrainingSet
        What to learn from.
    settings : NnunetSettings
        What to train, and how long.
    out : Path
        The model's folder.
    report : Report
        Takes progress, numbers and warnings.
    should_stop : callable
        Asked at every step.
    write : callable
        ``io.atomic_write``: this package may not import it.

    Raises
    ------
    TrainingStoppedError
        If it was asked to stop; every epoch that was finished is kept.
    MedSSLError
        In one sentence, if it cannot be done.
    """
    folders = training.folders
    report.progress(0, 0, "Planning")
    planned = configurations(plan(folders, memory_gb=settings.memory_gb, workers=settings.workers))
    names, told = chosen(planned, settings.configurations)
    for words in told:
        report.warning(words)
    start = read_start(Path(settings.encoder)) if settings.encoder else None
    begun_with = _begun_with(folders, names, start) if start is not None else {}
    for words in begun_with.get("taken", ()):
        report.metric(0, note=words)
    _go_on(should_stop)
    prepare(
        folders, names, settings.workers, lambda name: report.progress(0, 0, f"Preparing {name}")
    )
    _train_all(folders, names, settings, start, report, should_stop)
    report.progress(1, 1, "Choosing the best configuration")
    choice = choose_best(folders, names, settings.folds, settings.workers)
    facts = _facts(training, settings, names, begun_with)
    card = make_model(folders, choice, out, training.labels, facts, write)
    report.metric(settings.epochs, **{f"dice {name}": dice for name, dice in choice.dice.items()})
    return card


def _train_all(
    folders: NnunetFolders,
    names: Sequence[str],
    settings: NnunetSettings,
    start: Start | None,
    report: Report,
    should_stop: Callable[[], bool],
) -> None:
    trainings = [(name, fold) for name in names for fold in folds_of(name, names, settings.folds)]
    pace = Pace(report, settings.epochs * len(trainings))
    for name, fold in trainings:
        _go_on(should_stop)
        train_fold(
            folders,
            name,
            fold,
            settings,
            report,
            pace,
            should_stop,
            start=start,
            probabilities=len(names) > 1,
        )


def _begun_with(folders: NnunetFolders, names: Sequence[str], start: Start) -> dict[str, Any]:
    """Return what the networks begin with: what that learned from, and how much of it they take."""
    found = require_fitting(folders, names, start)
    return {**start.facts, "taken": [match.words(name, start) for name, match in found.items()]}


def _facts(
    training: TrainingSet,
    settings: NnunetSettings,
    names: Sequence[str],
    begun_with: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "dataset": training.folders.dataset,
        "trained_on": dict(training.cases),
        "trained": list(names),
        "folds": list(settings.folds),
        "epochs": settings.epochs,
        "iterations": settings.iterations,
        "memory_gb": settings.memory_gb,
        "seed": settings.seed,
        "encoder_sha256": sha256_of(Path(settings.encoder)) if settings.encoder else "",
        "begun_with": begun_with,
        "versions": {package: version(package) for package in _PACKAGES},
    }


def _go_on(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise TrainingStoppedError
