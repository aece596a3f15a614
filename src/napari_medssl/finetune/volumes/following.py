"""What the other processes of a team do: take their share of the first one's steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.learner import Learner
from napari_medssl.finetune.volumes.plan import VolumePlan
from napari_medssl.finetune.volumes.prepared import load_prepared
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.saved_state import load_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.finetune.volumes.team import Team


def call_for_help(
    team: Team, plan: VolumePlan, cases: Sequence[str], prepared: Path, state: Path, settings: str
) -> None:
    """Tell the others what is to be taught; for the first one.

    Parameters
    ----------
    team : Team
        Of this process.
    plan : VolumePlan
        How.
    cases : sequence of str
        Ids of the cases to learn from.
    prepared : Path
        Folder in which they lie prepared.
    state : Path
        Where a run that was stopped left its state.
    settings : str
        Hash of all that the result depends on.
    """
    facts: dict[str, Any] = {"plan": plan.as_row(), "cases": list(cases), "settings": settings}
    team.told({**facts, "prepared": str(prepared), "state": str(state)})


def follow(team: Team, device: str) -> None:
    """Help the first process at whatever it teaches, until it lets this one go.

    Parameters
    ----------
    team : Team
        Of this process.
    device : str
        What the first one computes on.
    """
    while (told := team.told(None)) is not None:
        plan = VolumePlan.from_row(told["plan"])
        network = build_network(
            plan.network,
            dimensions=plan.dimensions,
            in_channels=plan.in_channels,
            classes=len(plan.values) + 1,
            **plan.arguments,
        )
        torch.set_num_threads(max(1, plan.threads // team.size))
        learner = Learner(network.to(team.device(device)), plan, team)
        saved = load_state(Path(told["state"]), told["settings"], learner.state, learner.optimiser)
        step = saved[0].step if saved else 0
        cases = [load_prepared(Path(told["prepared"]), case, plan) for case in told["cases"]]
        crops = Crops(cases, plan)
        while team.agreed(False):
            batch = crops.at(step, team.rank, team.size).to(learner.device)
            learner.step(batch, step)
            step += 1
