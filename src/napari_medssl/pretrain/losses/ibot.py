"""iBOT's patch loss: the student tells of a hidden patch what the teacher, who sees it, says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.pretrain.losses.distillation import STUDENT_TEMPERATURE, soft_cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


def ibot(
    student: Tensor,
    teacher: Tensor,
    masked: Tensor,
    *,
    centre: Tensor,
    teacher_temperature: float,
    student_temperature: float = STUDENT_TEMPERATURE,
) -> Tensor:
    """Return the cross-entropy, a mean over an image's hidden tokens and then over images.

    Parameters
    ----------
    student, teacher : (images, tokens, classes) tensor
        Logits of the same views; the teacher's without mask. Views may follow one another as
        images.
    masked : (images, tokens) bool tensor
        What was hidden from the student. An image with nothing hidden counts as 0.
    centre : (classes,) tensor
        Of the teacher's tokens; see `distillation.moved_centre`.
    teacher_temperature, student_temperature : float
        See `dino`.

    References
    ----------
    Zhou 2022 (iBOT), equation 2; Jiang 2022 (SMIT), the masked patch token distillation.
    """
    entropies = soft_cross_entropy(
        student,
        teacher,
        centre=centre,
        student_temperature=student_temperature,
        teacher_temperature=teacher_temperature,
    )
    hidden = masked.to(entropies.dtype)
    return ((entropies * hidden).sum(1) / hidden.sum(1).clamp(min=1)).mean()
