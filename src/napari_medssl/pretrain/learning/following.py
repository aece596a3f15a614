"""What the other processes of a team do: take their share of the first one's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_medssl.models.saved_state import load_state
from napari_medssl.pretrain.images.prepared import load_prepared
from napari_medssl.pretrain.learning.learner import Learner
from napari_medssl.pretrain.method import method_for
from napari_medssl.pretrain.plan import PretrainPlan

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
        plan = PretrainPlan.from_row(task.plan)
        torch.set_num_threads(team.threads(plan.threads))
        method = method_for(plan, team.device(device))
        images = [load_prepared(task.prepared, image) for image in task.items]
        with Learner(method, images, team) as learner:
            remembered = method.remembered()
            saved = load_state(task.state, task.settings, remembered, learner.optimiser)
            step = saved[0].step if saved else 0
            while team.agreed(False):
                learner.step(step)
                step += 1
