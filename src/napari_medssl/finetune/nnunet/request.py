"""What the jobs of nnU-Net are given: made by the window or a command, read by the recipes.

Neither the window nor the command line knows the other; both make their jobs from this.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.finetune.nnunet.configurations import configurations, folds_of
from napari_medssl.finetune.nnunet.settings import NnunetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.finetune.nnunet.configurations import Configuration

#: the kinds of job: plan only, and the whole run
PLAN_KIND, KIND = "nnunet-plan", "nnunet"
PLAN_TITLE = "nnU-Net: look at the cases"
#: what a job of the first kind leaves among its artifacts
PLAN_FILE = "plan.json"


@dataclass(frozen=True)
class PlannedCases:
    """What nnU-Net would make of the cases.

    Parameters
    ----------
    cases : int
        How many there are to train with.
    configurations : tuple of Configuration
        All four, made or not.
    notes : tuple of str
        What was left out, and why.
    devices : tuple of (name, words)
        What can be trained on here, the best first.
    memory_gb : float
        GPU memory that the windows fit into.
    """

    cases: int
    configurations: tuple[Configuration, ...]
    notes: tuple[str, ...]
    devices: tuple[tuple[str, str], ...]
    memory_gb: float


def project_source(folder: Path, *, everything: bool) -> dict[str, Any]:
    """Return a project as the source of the cases.

    Parameters
    ----------
    folder : Path
        The project's folder.
    everything : bool
        Whether to train on all cases with something drawn; else only those that are done.
    """
    return {"project": place_of(folder), "everything": everything}


def place_of(folder: Path) -> str:
    """Return where a project is, as the arguments of a job tell it; asks the file system."""
    return str(folder.resolve())


def is_of_project(arguments: Mapping[str, Any], place: str) -> bool:
    """Tell whether a job's cases are those of the project at a place, as `place_of` tells it."""
    source = arguments.get("source")
    return isinstance(source, dict) and source.get("project") == place


def plan_arguments(source: Mapping[str, Any], memory_gb: float) -> dict[str, Any]:
    """Return the arguments of a job that plans."""
    return {"source": dict(source), "memory_gb": memory_gb}


def run_arguments(source: Mapping[str, Any], settings: NnunetSettings) -> dict[str, Any]:
    """Return the arguments of a job that trains; its device and its seed go to the spec.

    Raises
    ------
    UsageError
        If the encoder's file is not there.
    """
    if settings.encoder and not Path(settings.encoder).is_file():
        name = Path(settings.encoder).name
        raise UsageError(f"the encoder '{name}', which is no file", expected="weights")
    given = asdict(settings)
    for name in ("device", "seed"):
        del given[name]
    return {"source": dict(source), "settings": given}


def settings_from(arguments: Mapping[str, Any], device: str, seed: int) -> NnunetSettings:
    """Return what `run_arguments` was given.

    Raises
    ------
    UsageError
        If it cannot be.
    """
    given = dict(arguments["settings"])
    for name in ("configurations", "folds"):
        given[name] = tuple(given[name])
    return NnunetSettings(**given, device=device, seed=seed)


def run_title(settings: NnunetSettings) -> str:
    """Return what a run is called in lists."""
    return f"nnU-Net {', '.join(settings.configurations)}".rstrip()


def all_epochs(settings: NnunetSettings) -> int:
    """Return how many epochs a run's trainings have together."""
    names = settings.configurations
    return settings.epochs * sum(len(folds_of(one, names, settings.folds)) for one in names)


def read_planned(path: Path) -> PlannedCases:
    """Read what a job that planned has left.

    Raises
    ------
    UnreadableFileError
        If it is missing or damaged.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        return PlannedCases(
            cases=int(told["cases"]),
            configurations=configurations(told["plan"]),
            notes=tuple(str(note) for note in told["notes"]),
            devices=tuple((str(name), str(words)) for name, words in told["devices"]),
            memory_gb=float(told["memory_gb"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError(
            f"'{path.name}' of the job is missing or damaged", do="Look at the cases again"
        ) from error
