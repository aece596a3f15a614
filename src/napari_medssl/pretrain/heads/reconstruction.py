"""Heads that draw an image from the encoder's deepest map; thrown away after."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from torch import Tensor, nn

from napari_medssl.models.networks.levels import CONVOLUTION
from napari_medssl.pretrain.views.patches import image_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.nn import Module


class PatchReconstruction(nn.Module):
    """One 1x1 convolution; each place of the map tells the voxels that it stands for.

    The head of SimMIM and SMIT: so little that the encoder has to do the work.

    Parameters
    ----------
    dimensions, channels : int
        Of the map: 2 or 3, and how many.
    factor : int, or sequence of int
        How many voxels along each axis a place stands for: 32 for the deepest map of SMIT.
    out_channels : int
        Of the image.

    References
    ----------
    Xie 2022 (SimMIM), section 3.3; Jiang 2022 (SMIT), the published code.
    """

    def __init__(
        self,
        dimensions: int,
        channels: int,
        factor: int | Sequence[int],
        out_channels: int = 1,
    ) -> None:
        super().__init__()
        self.factors = (factor,) * dimensions if isinstance(factor, int) else tuple(factor)
        voxels = prod(self.factors)
        self.tell: Module = CONVOLUTION[dimensions](channels, voxels * out_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (batch, out_channels, *sides * factor) of (batch, channels, *sides)."""
        told = self.tell(maps)
        sides = tuple(n * by for n, by in zip(maps.shape[2:], self.factors, strict=True))
        return image_of(told.flatten(2).transpose(1, 2), self.factors, sides)
