"""A small U-Net for few cases: nnU-Net's plain blocks, two convolutions a level.

Instance norm works with batches of one or two, where batch norm does not; the residual `unet`
begins with a stride, which blurs the outlines of small organs. Isensee 2021 (nnU-Net), "Network
topology"; pooling as Ronneberger 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from napari_medssl.models.networks.levels import CONVOLUTION, PlainUNet

if TYPE_CHECKING:
    from collections.abc import Sequence

INSTANCE_NORM: dict[int, type[nn.InstanceNorm2d | nn.InstanceNorm3d]] = {
    2: nn.InstanceNorm2d,
    3: nn.InstanceNorm3d,
}
_SLOPE = 0.01


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    widths: Sequence[int] = (16, 32, 64, 128),
) -> PlainUNet:
    """Build it."""
    return PlainUNet(
        _twice, dimensions=dimensions, in_channels=in_channels, classes=classes, widths=widths
    )


def _twice(dimensions: int, channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(_once(dimensions, channels, width), _once(dimensions, width, width))


def _once(dimensions: int, channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        CONVOLUTION[dimensions](channels, width, 3, padding=1, bias=False),
        INSTANCE_NORM[dimensions](width, affine=True),
        nn.LeakyReLU(_SLOPE, inplace=True),
    )
