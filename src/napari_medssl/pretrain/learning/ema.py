"""A teacher that follows its student: a running average of weights that no gradient reaches."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, TypeVar

import torch

from napari_medssl.errors import MedSSLError

if TYPE_CHECKING:
    from torch import nn

Module = TypeVar("Module", bound="nn.Module")


def teacher_of(student: Module) -> Module:
    """Return a copy of a network that starts where it is, in evaluation mode, without gradients.

    In evaluation mode no block is dropped and batch norms use what the student saw so far. BYOL's
    teacher norms by its own batch: call ``train()`` on it.
    """
    teacher = deepcopy(student)
    teacher.requires_grad_(False)
    return teacher.eval()


@torch.no_grad()
def follow(teacher: nn.Module, student: nn.Module, momentum: float) -> None:
    """Move the teacher's parameters a little towards the student's, and copy its buffers.

    Buffers are what batch norms counted: averaged or left behind they would not fit the weights.

    Parameters
    ----------
    teacher, student : Module
        Of the same names; the teacher is changed.
    momentum : float
        How much of itself the teacher keeps, 0 to 1; see `schedules.teacher_momentum`.

    Raises
    ------
    MedSSLError
        If they are not made of the same tensors.
    """
    learned, counted = dict(student.named_parameters()), dict(student.named_buffers())
    own, own_counted = dict(teacher.named_parameters()), dict(teacher.named_buffers())
    if own.keys() != learned.keys() or own_counted.keys() != counted.keys():
        raise MedSSLError(
            f"a teacher of {len(own)} and a student of {len(learned)} parameters",
            expected="two of the same network",
        )
    for name, weight in own.items():
        weight.lerp_(learned[name].detach().to(weight.dtype), 1 - momentum)
    for name, buffer in own_counted.items():
        buffer.copy_(counted[name])
