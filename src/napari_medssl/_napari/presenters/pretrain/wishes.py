"""How the user wants a network to learn without masks, and the job that comes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_medssl.jobs import new_spec
from napari_medssl.pretrain.planning.planner import require_shares
from napari_medssl.pretrain.request import KIND, MINUTES, PretrainRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl.jobs import JobSpec
    from napari_medssl.jobs.workplace import Workplace
    from napari_medssl.pretrain.planning.planner import ScaleName


@dataclass(frozen=True)
class PretrainWishes:
    """How the user wants it to learn.

    Parameters
    ----------
    folder : Path or None
        Where the images are; None takes the scans of the open project.
    method : str
        Key of a `MethodCard`; the recommended one where it is empty.
    minutes : float or None
        How long; as many steps as the paper says where None.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    network, dimensions, batch : str or int or None
        Chosen by the images and the method where None.
    nnunet : Path or None
        A plan of nnU-Net's, in place of a network: its 2-D configuration where two dimensions are
        wished for, else the first that it has in 3-D.
    scale : {"here", "paper"}
        As in `PretrainRequest`.
    seed : int
        Of the random draws.
    engine : str
        Where it learns.
    stop_on_collapse : bool
        Whether it ends early when all comes out alike.
    settings : mapping
        Of the method, that are wanted otherwise than its recipe has them.
    """

    folder: Path | None = None
    method: str = ""
    minutes: float | None = MINUTES
    device: str = "auto"
    network: str | None = None
    nnunet: Path | None = None
    dimensions: int | None = None
    batch: int | None = None
    scale: ScaleName = "here"
    seed: int = 0
    engine: str = "here"
    stop_on_collapse: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def as_measured(self) -> bool:
        """Whether a method is wished for as its `Transfer` was measured: in 3-D, by its recipe."""
        own = self.network is None and self.nnunet is None and not self.settings
        return own and self.scale == "here" and self.dimensions != 2


def job_spec(
    wishes: PretrainWishes, method: str, folder: str, place: Workplace, *, of_project: bool
) -> JobSpec:
    """Return the job that is wished for.

    Parameters
    ----------
    wishes : PretrainWishes
        What the user wants.
    method, folder : str
        What is taken where nothing is wished: the recommended method, the project's folder.
    place : Workplace
        Where it learns.
    of_project : bool
        Whether the folder is a project's.

    Raises
    ------
    MedSSLError
        If the wishes do not go together, or there is no plan where one is said to be.
    """
    changes = {"stop_on_collapse": wishes.stop_on_collapse, **wishes.settings}
    if wishes.batch is not None:
        require_shares(wishes.batch, place.processes)
        changes["batch"] = wishes.batch
    request = PretrainRequest(
        method=method,
        folder=folder,
        of_project=of_project,
        minutes=wishes.minutes,
        network=wishes.network if wishes.nnunet is None else None,
        planned=_planned(wishes),
        dimensions=wishes.dimensions,
        scale=wishes.scale,
        threads=place.threads or os.cpu_count() or 1,
        changes=changes,
    )
    return new_spec(
        KIND,
        request.arguments,
        title=request.job_title,
        seed=wishes.seed,
        device=place.device,
        processes=place.processes,
    )


def _planned(wishes: PretrainWishes) -> dict[str, Any] | None:
    """Read what nnU-Net planned; None where it is not wished for."""
    if wishes.nnunet is None:
        return None
    from napari_medssl.finetune.nnunet.folders import require_nnunet
    from napari_medssl.finetune.nnunet.planning import find_plan
    from napari_medssl.models.networks.planned import planned_network

    require_nnunet()
    plan = find_plan(wishes.nnunet)
    return planned_network(plan, "2d" if wishes.dimensions == 2 else None).as_row()
