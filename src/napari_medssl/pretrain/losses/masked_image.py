"""Masked image prediction: tell what was hidden, and count only there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_NO_VOXEL = 1e-5
_NO_SPREAD = 1e-6


def masked_absolute_error(predicted: Tensor, image: Tensor, masked: Tensor) -> Tensor:
    """Return the mean absolute error over hidden voxels and all channels.

    The loss of SimMIM, of SMIT's masked image prediction, and of the regression on replaced
    pixels.

    Parameters
    ----------
    predicted, image : (batch, channels, *sides) tensor
        What is told, and what was there.
    masked : (batch, 1, *sides) or (batch, *sides) bool tensor
        What was hidden or replaced. With nothing hidden the error is 0.

    References
    ----------
    Xie 2022 (SimMIM), equation 1; Jiang 2022 (SMIT), equation 1; Umapathy (S4), section II.B.
    """
    hidden = _with_channel(masked, image).to(predicted.dtype)
    wrong = ((predicted - image).abs() * hidden).float().sum()
    return wrong / (hidden.float().sum() * image.shape[1] + _NO_VOXEL)


def masked_patch_error(
    predicted: Tensor, patches: Tensor, masked: Tensor, *, normalised: bool = True
) -> Tensor:
    """Return MAE's mean squared error over hidden patches.

    Parameters
    ----------
    predicted, patches : (batch, tokens, values) tensor
        The values of a patch side by side; see `patches.patches_of`.
    masked : (batch, tokens) bool tensor
        Which patches were hidden. With none hidden the error is 0.
    normalised : bool
        Whether each patch is told in standard deviations from its own mean, as the paper found
        best. A patch without contrast is then told as 0.

    References
    ----------
    He 2022 (MAE), section 3, "Reconstruction target".
    """
    told, truth = predicted.float(), patches.float()
    if normalised:
        spread = truth.var(-1, keepdim=True)
        truth = (truth - truth.mean(-1, keepdim=True)) / (spread + _NO_SPREAD).sqrt()
    errors = (told - truth).square().mean(-1)
    hidden = masked.to(errors.dtype)
    return (errors * hidden).sum() / hidden.sum().clamp(min=1)


def _with_channel(masked: Tensor, image: Tensor) -> Tensor:
    return masked[:, None] if masked.dim() == image.dim() - 1 else masked
