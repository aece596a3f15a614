"""Which function runs which kind of job; each is imported only when its job runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.jobs import Recipe
    from napari_medssl.models.team import Team


def _nnunet() -> Recipe:
    from napari_medssl.cli.nnunet_job import run_nnunet_job

    return run_nnunet_job


def _segment() -> Recipe:
    from napari_medssl.cli.segment_job import run_segment_job

    return run_segment_job


def _nnunet_plan() -> Recipe:
    from napari_medssl.cli.nnunet_plan import run_plan_job

    return run_plan_job


def _finetune() -> Recipe:
    from napari_medssl.cli.learn_job import run_finetune_job

    return run_finetune_job


def _learn() -> Recipe:
    from napari_medssl.cli.learn_round import run_learn_job

    return run_learn_job


def _pretrain() -> Recipe:
    from napari_medssl.cli.pretrain_job import run_pretrain_job

    return run_pretrain_job


RECIPES = {
    "nnunet": _nnunet,
    "nnunet-plan": _nnunet_plan,
    "segment-project": _segment,
    "finetune": _finetune,
    "learn": _learn,
    "pretrain": _pretrain,
}


def helper_of(kind: str) -> Callable[[Team, str], None]:
    """Return what the other processes of a job do, beside the one that runs its recipe."""
    if kind == "pretrain":
        from napari_medssl.pretrain.learning.following import follow as follow_pretraining

        return follow_pretraining
    from napari_medssl.finetune.volumes.following import follow

    return follow
