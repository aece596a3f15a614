"""Swin UNETR's pre-training: how was it turned, which image is it, what was cut out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn import functional

from napari_medssl.pretrain.losses.nt_xent import nt_xent

if TYPE_CHECKING:
    from torch import Tensor

_TEMPERATURE = 0.5


@dataclass(frozen=True, eq=False)
class SwinUnetrLoss:
    """The three terms, which weigh the same, and their sum, which is minimised."""

    rotation: Tensor
    contrast: Tensor
    inpainting: Tensor

    @property
    def total(self) -> Tensor:
        """Return the sum."""
        return self.rotation + self.contrast + self.inpainting


def swin_unetr(
    *,
    turned: Tensor,
    turns: Tensor,
    vectors: tuple[Tensor, Tensor],
    predicted: Tensor,
    image: Tensor,
) -> SwinUnetrLoss:
    """Compare what a network says of two views, each turned and with parts cut out.

    Parameters
    ----------
    turned : (2 * batch, 4) tensor
        Logits of how often a view was turned by 90 degrees.
    turns : (2 * batch,) int64 tensor
        How often it was.
    vectors : two (batch, channels) tensors
        Of each view, for the contrastive term.
    predicted, image : (2 * batch, channels, *sides) tensor
        The reconstruction, and the turned views before anything was cut out.

    References
    ----------
    Tang 2022, equations 1 to 4.
    """
    return SwinUnetrLoss(
        rotation=functional.cross_entropy(turned.float(), turns),
        contrast=nt_xent(*vectors, temperature=_TEMPERATURE),
        inpainting=functional.l1_loss(predicted.float(), image.float()),
    )
