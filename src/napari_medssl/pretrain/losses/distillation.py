"""Self-distillation: a student learns the teacher's centred and sharpened answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

STUDENT_TEMPERATURE = 0.1
CENTRE_MOMENTUM = 0.9


def soft_cross_entropy(
    student: Tensor,
    teacher: Tensor,
    *,
    centre: Tensor,
    student_temperature: float,
    teacher_temperature: float,
) -> Tensor:
    """Return -sum_k softmax((t - centre) / T_t)_k log softmax(s / T_s)_k, in nats.

    Parameters
    ----------
    student, teacher : (..., classes) tensor
        Logits; no gradient flows to the teacher's.
    centre : (classes,) tensor
        Taken from the teacher's logits, so that no class wins everywhere.
    student_temperature, teacher_temperature : float
        The teacher's is the lower: its answers are sharper.

    Returns
    -------
    (...) tensor
    """
    answer = ((teacher.detach().float() - centre) / teacher_temperature).softmax(-1)
    return -(answer * (student.float() / student_temperature).log_softmax(-1)).sum(-1)


@torch.no_grad()
def moved_centre(centre: Tensor, teacher: Tensor, momentum: float = CENTRE_MOMENTUM) -> Tensor:
    """Return the centre after a step: mostly the old one, a little of the mean of new logits.

    Parameters
    ----------
    centre : (classes,) tensor
        Before.
    teacher : (..., classes) tensor
        The teacher's logits of the whole batch, all processes' together.
    momentum : float
        How much of the old centre is kept, 0 to 1.
    """
    return centre * momentum + teacher.float().flatten(0, -2).mean(0) * (1 - momentum)
