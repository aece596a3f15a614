"""Training one configuration on one fold, from wherever it was left, and validating it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError
from napari_medssl.finetune.nnunet.folders import LOADERS, PLANS
from napari_medssl.finetune.nnunet.match import load_start, match_start, require_whole
from napari_medssl.finetune.nnunet.planning import read_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl.finetune.nnunet.folders import NnunetFolders
    from napari_medssl.finetune.nnunet.match import Match
    from napari_medssl.finetune.nnunet.reporting import Pace
    from napari_medssl.finetune.nnunet.settings import NnunetSettings
    from napari_medssl.finetune.nnunet.start import Start
    from napari_medssl.models.report import Report


def train_fold(
    folders: NnunetFolders,
    name: str,
    fold: int,
    settings: NnunetSettings,
    report: Report,
    pace: Pace,
    should_stop: Callable[[], bool],
    *,
    start: Start | None = None,
    probabilities: bool,
) -> None:
    """Train and validate, unless that was finished before.

    Parameters
    ----------
    folders : NnunetFolders
        Prepared for this configuration.
    name, fold : str, int
        What to train.
    settings, report, pace, should_stop
        See `run`.
    start : Start or None
        Weights to begin with.
    probabilities : bool
        Whether the validation keeps probabilities, which an ensemble is made of.

    Raises
    ------
    TrainingStoppedError
        If the run was asked to stop.
    WeightsError
        If the encoder's weights do not fit.
    SaveError
        If a checkpoint cannot be written.
    """
    own = folders.trained(name) / f"fold_{fold}"
    if (own / "validation" / "summary.json").is_file():
        pace.begin(f"{name}, fold {fold}", settings.epochs)
        pace.end(settings.epochs)
        return
    trainer = _trainer(folders, name, fold, settings)
    trainer.take(settings, report, pace, should_stop)
    trainer.seed_for(-1)
    trainer.initialize()
    try:
        if not trainer.resume() and start is not None:
            print(load_start(trainer.network, start).words(trainer.called, start))
        pace.begin(f"Training {trainer.called}", min(trainer.current_epoch, settings.epochs))
        if not (own / "checkpoint_final.pth").is_file():
            trainer.run_training()
        pace.move(settings.epochs)
        pace.say(f"Validating {trainer.called}")
        trainer.perform_actual_validation(probabilities)
        pace.end(settings.epochs)
    finally:
        trainer.finish_loaders()


def require_fitting(folders: NnunetFolders, names: Sequence[str], start: Start) -> dict[str, Match]:
    """Refuse weights that do not fit every configuration, before anything is trained.

    Returns
    -------
    dict of str to Match
        How many tensors will be put into each configuration, and what begins by chance.

    Raises
    ------
    WeightsError
        With the counts.
    """
    found = {name: match_start(planned_network(folders, name), start) for name in names}
    for name, match in found.items():
        require_whole(match, start, name)
    return found


def planned_network(folders: NnunetFolders, name: str) -> Any:
    """Build the network of a configuration as it was planned, its weights random."""
    plan = read_plan(folders.preprocessed / f"{PLANS}.json")
    return network_of(plan, _description(folders), name)


def network_of(plan: dict[str, Any], description: dict[str, Any], name: str) -> Any:
    """Build a network from a plan and a dataset's description.

    Raises
    ------
    UnreadableFileError
        If the plan names code that is none of nnU-Net's networks.
    """
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    plans = PlansManager(plan)
    own = plans.get_configuration(name)
    kwargs, to_import = own.network_arch_init_kwargs, own.network_arch_init_kwargs_req_import
    code = [own.network_arch_class_name, *(kwargs.get(key) or "torch.nn" for key in to_import)]
    if not all(
        str(part).startswith(("dynamic_network_architectures.", "torch.nn")) for part in code
    ):
        raise UnreadableFileError(
            "the plan names code that is none of nnU-Net's networks",
            expected="a plan that nnU-Net 2 made",
        )
    return get_network_from_plans(
        own.network_arch_class_name,
        kwargs,
        to_import,
        determine_num_input_channels(plans, own, description),
        plans.get_label_manager(description).num_segmentation_heads,
        deep_supervision=False,
    )


def _trainer(folders: NnunetFolders, name: str, fold: int, settings: NnunetSettings) -> Any:
    if settings.workers == 0:
        os.environ[LOADERS] = "0"  # not before: the planner sets as many threads as this says
    import torch

    from napari_medssl.finetune.nnunet.trainer import Trainer

    plan = read_plan(folders.preprocessed / f"{PLANS}.json")
    return Trainer(
        plans={**plan, "continue_training": False},
        configuration=name,
        fold=fold,
        dataset_json=_description(folders),
        device=torch.device(settings.device),
    )


def _description(folders: NnunetFolders) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folders.raw / "dataset.json").read_text("utf-8"))
    return found
