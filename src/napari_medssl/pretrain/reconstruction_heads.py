"""Heads that draw an image from the encoder's deepest map; thrown away after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from napari_medssl.models.networks.levels import CONVOLUTION
from napari_medssl.pretrain.patches import image_of

if TYPE_CHECKING:
    from torch.nn import Module


class PatchReconstruction(nn.Module):
    """One 1x1 convolution; each place of the map tells the voxels that it stands for.

    The head of SimMIM and SMIT: so little that the encoder has to do the work.

    Parameters
    ----------
    dimensions, channels : int
        Of the map: 2 or 3, and how many.
    factor : int
        How many voxels along each axis a place stands for: 32 for the deepest map of SMIT.
    out_channels : int
        Of the image.

    References
    ----------
    Xie 2022 (SimMIM), section 3.3; Jiang 2022 (SMIT), the published code.
    """

    def __init__(self, dimensions: int, channels: int, factor: int, out_channels: int = 1) -> None:
        super().__init__()
        self.factor = factor
        self.tell: Module = CONVOLUTION[dimensions](channels, factor**dimensions * out_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (batch, out_channels, *sides * factor) of (batch, channels, *sides)."""
        told = self.tell(maps)
        sides = tuple(side * self.factor for side in maps.shape[2:])
        return image_of(told.flatten(2).transpose(1, 2), self.factor, sides)


def pixel_reconstruction(dimensions: int, channels: int, out_channels: int = 1) -> nn.Module:
    """Return a 1x1 convolution from a decoder's last map to the image: S4, section II.B."""
    return CONVOLUTION[dimensions](channels, out_channels, 1)
