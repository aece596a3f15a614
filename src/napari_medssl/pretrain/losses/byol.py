"""BYOL's loss: the student's prediction and the teacher's projection of the other view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.pretrain.losses.negative_cosine import negative_cosine

if TYPE_CHECKING:
    from torch import Tensor


def byol(predicted: tuple[Tensor, Tensor], projected: tuple[Tensor, Tensor]) -> Tensor:
    """Return the squared distance of unit vectors, 2 - 2 cos, summed over both directions: 0 to 8.

    Parameters
    ----------
    predicted : two (batch, channels) tensors
        What the student's predictor makes of each view.
    projected : two (batch, channels) tensors
        What the teacher projects of each view; no gradient flows through them.

    References
    ----------
    Grill 2020 (BYOL), equation 2 and the text below it.
    """
    there = 2 + 2 * negative_cosine(predicted[0], projected[1])
    back = 2 + 2 * negative_cosine(predicted[1], projected[0])
    return there + back
