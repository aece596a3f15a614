"""Barlow Twins: what two views say must agree, and no two channels say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_medssl.pretrain.learning.precision import in_float32
from napari_medssl.pretrain.losses.pairs import require_pairs

if TYPE_CHECKING:
    from torch import Tensor

#: added to the variance, as the batch norm of the published code does
_LITTLE = 1e-5


@in_float32
def barlow_twins(first: Tensor, second: Tensor, *, redundancy: float = 5e-3) -> Tensor:
    """Return sum_i (1 - C_ii)^2 + redundancy * sum_(i != j) C_ij^2.

    C is the cross-correlation of the two views' channels over the batch, with biased variances,
    so that equal views give ones on its diagonal whatever the batch. A batch that is smaller than
    the number of channels leaves C of low rank: the second sum then has a floor above 0.

    Parameters
    ----------
    first, second : (batch, channels) tensor
        Projections of two views; row i of both is the same image. At least two rows.
    redundancy : float
        Weight of what lies off the diagonal, lambda in the paper.

    Raises
    ------
    UsageError
        If the shapes differ or there is only one image.

    References
    ----------
    Zbontar 2021 (Barlow Twins), equations 1 and 2; Punn 2022 (BT-UNet).
    """
    require_pairs(first, second, 2, "Barlow Twins")
    correlation = _standardised(first).T @ _standardised(second) / len(first)
    diagonal = correlation.diagonal()
    apart = correlation.square().sum() - diagonal.square().sum()
    return (1 - diagonal).square().sum() + redundancy * apart


def _standardised(vectors: Tensor) -> Tensor:
    spread = vectors.var(0, correction=0)
    return (vectors - vectors.mean(0)) * torch.rsqrt(spread + _LITTLE)
