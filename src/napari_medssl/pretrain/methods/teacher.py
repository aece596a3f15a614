"""What methods with a teacher share: a copy of what learns, how it follows, and what both say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from napari_medssl.pretrain.learning.ema import follow, teacher_of
from napari_medssl.pretrain.learning.schedules import teacher_momentum
from napari_medssl.pretrain.losses.distillation import STUDENT_TEMPERATURE
from napari_medssl.pretrain.watching.collapse import (
    answers_in_use,
    divergence,
    teacher_entropy,
    token_spread,
)

if TYPE_CHECKING:
    from torch import Tensor

    from napari_medssl.models.networks.network import Features, SegmentationNetwork
    from napari_medssl.pretrain.plan import PretrainPlan


@dataclass(frozen=True, eq=False)
class Answers:
    """What a teacher and its student said of the same views.

    Parameters
    ----------
    vectors : (..., channels) tensor
        What the teacher's encoder made of them.
    teacher, student : (..., classes) tensor
        Logits.
    """

    vectors: Tensor
    teacher: Tensor
    student: Tensor

    def figures(self, centre: Tensor, temperature: float) -> dict[str, float]:
        """Return how unlike the views are, what the teacher says, and how far its student is.

        Parameters
        ----------
        centre : (classes,) tensor
            What is taken from the teacher's logits.
        temperature : float
            The teacher's.
        """
        answers = (self.teacher, centre, temperature)
        return {
            "token_spread": token_spread(self.vectors),
            "teacher_entropy": teacher_entropy(*answers),
            "answers_in_use": answers_in_use(*answers),
            "divergence": divergence(
                self.student,
                self.teacher,
                centre=centre,
                student_temperature=STUDENT_TEMPERATURE,
                teacher_temperature=temperature,
            ),
        }


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
