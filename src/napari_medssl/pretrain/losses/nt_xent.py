"""NT-Xent, the contrastive loss of SimCLR: find the other view among all other images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from napari_medssl.pretrain.learning.precision import in_float32
from napari_medssl.pretrain.losses.pairs import require_pairs

if TYPE_CHECKING:
    from torch import Tensor


@in_float32
def nt_xent(first: Tensor, second: Tensor, *, temperature: float = 0.1) -> Tensor:
    """Return the mean over all 2 x batch vectors of -log softmax(cosine / temperature).

    A vector is compared with every other of both views; the one to be found is the same image's
    other view. Only the vector itself is left out of the sum, as in SimCLR.

    Parameters
    ----------
    first, second : (batch, channels) tensor
        Projections of two views; row i of both is the same image. At least two rows.
    temperature : float
        0.1 in Umapathy (S4), 0.5 in Tang 2022.

    Raises
    ------
    UsageError
        If the shapes differ or there is only one image.

    References
    ----------
    Chen 2020 (SimCLR), equation 1; Umapathy (S4), section II.C.
    """
    require_pairs(first, second, 2, "the contrastive loss")
    vectors = functional.normalize(torch.cat([first, second]), dim=1)
    count = len(first)
    alike = vectors @ vectors.T / temperature
    itself = torch.eye(2 * count, dtype=torch.bool, device=alike.device)
    other_view = torch.arange(2 * count, device=alike.device).roll(count)
    return functional.cross_entropy(alike.masked_fill(itself, float("-inf")), other_view)
