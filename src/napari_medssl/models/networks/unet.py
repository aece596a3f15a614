"""The residual U-Net of today: MONAI's blocks, cut into an encoder and a decoder."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from monai.networks.blocks.convolutions import Convolution, ResidualUnit
from torch import Tensor, nn

from napari_medssl.models.networks.network import Features, SegmentationNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

_RESIDUAL_UNITS = 2


class UNet(SegmentationNetwork):
    """MONAI's ``UNet`` with instance norm and two residual units a level, 2-D or 3-D.

    The same numbers as MONAI's, whose nested modules hide the skips that pre-training and
    fine-tuning ask for. Every level but the last halves the sides.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`.
    widths : sequence of int
        Channels of the levels from fine to coarse.

    References
    ----------
    Ronneberger 2015, with the residual units of Kerfoot 2018; methods.md section 1.
    """

    encoder_parts = ("down", "bottom")

    def __init__(
        self, *, dimensions: int, in_channels: int, classes: int, widths: Sequence[int]
    ) -> None:
        multiple = 2 ** (len(widths) - 1)
        super().__init__(
            dimensions=dimensions,
            in_channels=in_channels,
            classes=classes,
            multiple=multiple,
            deepest_channels=widths[-1],
            smallest=2 * multiple,  # instance norm needs more than one voxel at the deepest
        )
        *halving, deepest = widths
        self.down = nn.ModuleList(
            ResidualUnit(dimensions, a, b, strides=2, subunits=_RESIDUAL_UNITS)
            for a, b in pairwise((in_channels, *halving))
        )
        self.bottom = ResidualUnit(dimensions, halving[-1], deepest, subunits=_RESIDUAL_UNITS)
        above = (*reversed(halving[:-1]), classes)
        below = (deepest, *above[:-1])
        self.up = nn.ModuleList(
            _doubling(dimensions, low + skip, width, gives_logits=n == len(above))
            for n, (low, skip, width) in enumerate(
                zip(below, reversed(halving), above, strict=True), 1
            )
        )

    def encode(self, image: Tensor) -> Features:
        """Return a skip at every halving of the sides; the deepest map has the last one's."""
        skips: list[Tensor] = []
        for down in self.down:
            skips.append(down(skips[-1] if skips else image))
        return Features(tuple(skips), self.bottom(skips[-1]))

    def decode(self, image: Tensor, features: Features) -> Tensor:
        """Return logits; the image is not looked at again."""
        out = features.deepest
        for up, skip in zip(self.up, reversed(features.skips), strict=True):
            out = up(torch.cat([skip, out], dim=1))
        return out


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    widths: Sequence[int] = (32, 64, 128, 256, 320),
) -> UNet:
    """Build it."""
    return UNet(dimensions=dimensions, in_channels=in_channels, classes=classes, widths=widths)


def _doubling(dimensions: int, channels: int, width: int, *, gives_logits: bool) -> nn.Sequential:
    """Make a decoder level; after the last one's last convolution come no norm or activation."""
    return nn.Sequential(
        Convolution(dimensions, channels, width, strides=2, is_transposed=True),
        ResidualUnit(dimensions, width, width, subunits=1, last_conv_only=gives_logits),
    )
