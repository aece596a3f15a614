"""SMIT's loss: masked image prediction and two self-distillations, of patches and of the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.pretrain.losses.dino import dino
from napari_medssl.pretrain.losses.ibot import ibot
from napari_medssl.pretrain.losses.masked_image import masked_absolute_error

if TYPE_CHECKING:
    from torch import Tensor

PATCH_WEIGHT = IMAGE_WEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class SmitAnswers:
    """What a network says of a batch: logits of every patch token and of the image's token.

    Parameters
    ----------
    patches : (views * batch, tokens, classes) tensor
        View by view.
    images : (views, batch, classes) tensor
        Of the mean over the tokens.
    """

    patches: Tensor
    images: Tensor


@dataclass(frozen=True, eq=False)
class SmitCentres:
    """Of the teacher's logits, (classes,) each; see `distillation.moved_centre`."""

    patches: Tensor
    images: Tensor


@dataclass(frozen=True, eq=False)
class SmitLoss:
    """The three terms before their weights, and the weighted sum that is minimised."""

    prediction: Tensor
    patches: Tensor
    images: Tensor

    @property
    def total(self) -> Tensor:
        """Return prediction + 0.1 patches + 0.1 images."""
        return self.prediction + PATCH_WEIGHT * self.patches + IMAGE_WEIGHT * self.images


def smit(
    *,
    predicted: Tensor,
    image: Tensor,
    hidden: Tensor,
    student: SmitAnswers,
    teacher: SmitAnswers,
    hidden_tokens: Tensor,
    centres: SmitCentres,
    patch_temperature: float,
    image_temperature: float,
) -> SmitLoss:
    """Compare what the student makes of masked views with the views and the teacher's answers.

    Parameters
    ----------
    predicted, image : (views * batch, channels, *sides) tensor
        The student's reconstruction, and the views before masking, view by view.
    hidden : (views * batch, *sides) bool tensor
        Voxels that the student did not see.
    student, teacher : SmitAnswers
        The teacher's of the views without mask.
    hidden_tokens : (views * batch, tokens) bool tensor
        The same mask on the grid of tokens.
    centres : SmitCentres
        Of the teacher's answers.
    patch_temperature, image_temperature : float
        The teacher's; the student's is 0.1.

    References
    ----------
    Jiang 2022 (SMIT), equations 1 to 3 and the sum below them.
    """
    return SmitLoss(
        prediction=masked_absolute_error(predicted, image, hidden),
        patches=ibot(
            student.patches,
            teacher.patches,
            hidden_tokens,
            centre=centres.patches,
            teacher_temperature=patch_temperature,
        ),
        images=dino(
            student.images,
            teacher.images,
            centre=centres.images,
            teacher_temperature=image_temperature,
        ),
    )
