"""SimSiam's loss: what is predicted from one view points where the other view's vector points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def negative_cosine(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean of -cos(predicted, target), -1 to 1; no gradient flows to the target.

    Parameters
    ----------
    predicted, target : (batch, channels) tensor
        Row i of both is the same image.
    """
    return -functional.cosine_similarity(predicted.float(), target.detach().float()).mean()


def simsiam(predicted: tuple[Tensor, Tensor], projected: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean of both directions, -1 (all agree) to 1.

    Parameters
    ----------
    predicted : two (batch, channels) tensors
        What the predictor makes of each view's projection.
    projected : two (batch, channels) tensors
        The projections themselves; they are targets, so no gradient flows through them.

    References
    ----------
    Chen and He 2021 (SimSiam), equation 4; Konieczkowicz (S3), equation 4.1.
    """
    return (
        negative_cosine(predicted[0], projected[1]) + negative_cosine(predicted[1], projected[0])
    ) / 2
