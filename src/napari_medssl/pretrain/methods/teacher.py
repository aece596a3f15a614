"""What methods with a teacher share: a copy of what learns, and how it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from napari_medssl.pretrain.ema import follow, teacher_of
from napari_medssl.pretrain.schedules import teacher_momentum

if TYPE_CHECKING:
    from torch import Tensor

    from napari_medssl.models.networks.network import Features, SegmentationNetwork
    from napari_medssl.pretrain.plan import PretrainPlan


class Seer(nn.Module):
    """A network and the head on its encoder; the decoder comes along and is never asked.

    Parameters
    ----------
    network : SegmentationNetwork
        Shared with whoever else holds it.
    head : Module
        What turns what the encoder saw into answers.
    """

    def __init__(self, network: SegmentationNetwork, head: nn.Module) -> None:
        super().__init__()
        self.network, self.head = network, head

    def encode(self, image: Tensor) -> Features:
        """Return the encoder's maps."""
        return self.network.encode(image)

    def teacher(self) -> Seer:
        """Return a copy that only follows; in evaluation mode."""
        return teacher_of(self)

    def lead(self, teacher: Seer, plan: PretrainPlan, step: int) -> None:
        """Let a teacher follow a little, less and less over the run."""
        start = float(plan.setting("momentum", 0.996))
        follow(teacher, self, teacher_momentum(step, plan.steps, start))
