"""What the other processes of a team do: take their share of the first one's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.learner import Learner
from napari_medssl.finetune.volumes.plan import VolumePlan
from napari_medssl.finetune.volumes.prepared import load_prepared
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.saved_state import load_state

if TYPE_CHECKING:
    from napari_medssl.models.team import Team


def follow(team: Team, device: str) -> None:
    """Help the first process at whatever it teaches, until it lets this one go.

    Parameters
    ----------
    team : Team
        Of this process.
    device : str
        What the first one computes on.
    """
    for task in team.tasks():
        plan = VolumePlan.from_row(task.plan)
        network = build_network(
            plan.network,
            dimensions=plan.dimensions,
            in_channels=plan.in_channels,
            classes=len(plan.values) + 1,
            **plan.arguments,
        )
        torch.set_num_threads(team.threads(plan.threads))
        learner = Learner(network.to(team.device(device)), plan, team)
        saved = load_state(task.state, task.settings, learner.state, learner.optimiser)
        step = saved[0].step if saved else 0
        crops = Crops([load_prepared(task.prepared, case, plan) for case in task.items], plan)
        batches = crops.shares(team, learner.device)
        while team.agreed(False):
            learner.step(batches(step), step)
            step += 1
            learner.watch(step)
