"""DINO: the student tells from one view what the teacher says of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.losses.distillation import STUDENT_TEMPERATURE, soft_cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


def dino(
    student: Tensor,
    teacher: Tensor,
    *,
    centre: Tensor,
    teacher_temperature: float,
    student_temperature: float = STUDENT_TEMPERATURE,
) -> Tensor:
    """Return the mean cross-entropy over all pairs of different views and all images.

    Parameters
    ----------
    student : (views, batch, classes) tensor
        Logits of all views: those that the teacher saw first, in the same order, then small ones.
    teacher : (global views, batch, classes) tensor
        Logits of the large views.
    centre : (classes,) tensor
        See `distillation.moved_centre`.
    teacher_temperature, student_temperature : float
        The teacher's rises from 0.04 to 0.07; see `schedules.teacher_temperature`.

    Raises
    ------
    UsageError
        If there is only one view.

    References
    ----------
    Caron 2021 (DINO), equations 1 to 4.
    """
    if len(student) < 2:
        raise UsageError("one view of each image for DINO", expected="two or more")
    entropies = soft_cross_entropy(
        student[None],
        teacher[:, None],
        centre=centre,
        student_temperature=student_temperature,
        teacher_temperature=teacher_temperature,
    ).mean(-1)
    same = torch.eye(len(teacher), len(student), dtype=torch.bool, device=entropies.device)
    return entropies[~same].mean()
