"""Planning and preparing a training set, by nnU-Net's own rules."""

from __future__ import annotations

import json
from contextlib import nullcontext, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.finetune.nnunet.folders import PLANS
from napari_medssl.finetune.nnunet.request import PLAN_FILE
from napari_medssl.finetune.nnunet.settings import LEAST_CASES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_medssl.finetune.nnunet.folders import NnunetFolders


#: where a plan lies in the folders of a job of ours, of nnU-Net's, and of a trained model
_PLACES = (
    f"artifacts/{PLAN_FILE}",
    f"artifacts/work/nnUNet_preprocessed/*/{PLANS}.json",
    f"{PLANS}.json",
    "plans.json",
    "artifacts/model/*/plans.json",
    "*/plans.json",
)


def plan(
    folders: NnunetFolders, *, memory_gb: float = 8.0, workers: int = 0, quiet: bool = False
) -> dict[str, Any]:
    """Look at all images of a training set and decide on networks; what is there is kept.

    Parameters
    ----------
    folders : NnunetFolders
        The training set lies in ``folders.raw``.
    memory_gb : float
        GPU memory that the windows shall fit into.
    workers : int
        Threads that read images.
    quiet : bool
        Whether what nnU-Net prints is thrown away.

    Returns
    -------
    dict
        The plan, as in nnU-Net's plans file.

    Raises
    ------
    UsageError
        If there are fewer cases than nnU-Net's cross-validation has folds.
    """
    require_cases(folders.raw)
    file = folders.preprocessed / f"{PLANS}.json"
    if not file.is_file():
        from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import (
            DatasetFingerprintExtractor,
        )
        from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import (
            ExperimentPlanner,
        )

        with redirect_stdout(StringIO()) if quiet else nullcontext():
            extractor = DatasetFingerprintExtractor(folders.dataset, max(1, workers))
            extractor.show_progress_bar = False
            extractor.run()
            planner = ExperimentPlanner(
                folders.dataset, gpu_memory_target_in_gb=memory_gb, plans_name=PLANS
            )
            planner.plan_experiment()
    return read_plan(file)


def read_plan(file: Path) -> dict[str, Any]:
    """Read a plans file of nnU-Net.

    Raises
    ------
    UnreadableFileError
        If it is missing or damaged.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"the plan '{file.name}' is missing or damaged") from error
    if isinstance(found, dict) and isinstance(found.get("plan"), dict):
        found = found["plan"]  # of a job that planned only
    if not isinstance(found, dict) or "configurations" not in found:
        raise UnreadableFileError(f"'{file.name}' is no plan of nnU-Net 2")
    return found


def find_plan(place: Path) -> dict[str, Any]:
    """Read the plan of a plans file, of a job that planned or trained, or of a trained model.

    Parameters
    ----------
    place : Path
        The file; or a folder that has one where nnU-Net, or a job of ours, puts it.

    Raises
    ------
    UsageError
        If there is none.
    UnreadableFileError
        If it is damaged.
    """
    found = [place] if place.is_file() else [f for one in _PLACES for f in sorted(place.glob(one))]
    if not found:
        raise UsageError(
            f"'{place.name}', in which there is no plan of nnU-Net's",
            expected=f"a file such as {PLANS}.json, or the folder of a run",
            do="Let it plan: 'medssl nnunet plan ... --out plan.json'",
        )
    return read_plan(found[0])


def prepare(
    folders: NnunetFolders,
    names: Sequence[str],
    workers: int,
    told: Callable[[str], None],
) -> None:
    """Resample and normalise all cases for each configuration, unless that was finished before.

    Parameters
    ----------
    folders : NnunetFolders
        Planned before.
    names : sequence of str
        Configurations; the cascade uses what 3d_fullres uses.
    workers : int
        Threads.
    told : callable
        Is told which configuration's turn it is.
    """
    from nnunetv2.experiment_planning.plan_and_preprocess_api import preprocess_dataset
    from nnunetv2.utilities.dataset_name_id_conversion import convert_dataset_name_to_id

    number = convert_dataset_name_to_id(folders.dataset)
    own = {"3d_fullres" if name == "3d_cascade_fullres" else name for name in names}
    for name in sorted(own):
        finished = folders.preprocessed / f"prepared-{name}"
        if finished.exists():
            continue
        told(name)
        preprocess_dataset(number, PLANS, [name], [max(1, workers)], show_progress_bar=False)
        finished.touch()


def require_cases(raw: Path) -> None:
    """Refuse a training set that five folds cannot be made of.

    Raises
    ------
    UsageError
        If there are fewer than five cases.
    UnreadableFileError
        If its description is missing.
    """
    try:
        count = int(json.loads((raw / "dataset.json").read_text("utf-8"))["numTraining"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError("'dataset.json' of the training set is damaged") from error
    if count < LEAST_CASES:
        raise UsageError(
            f"{count} cases with a mask",
            expected=f"{LEAST_CASES} or more: nnU-Net measures itself in five folds",
            do="Outline more cases first",
        )
