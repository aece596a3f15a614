"""A small U-Net for few cases: instance norm, every convolution at the image's own sharpness."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from napari_medssl.models.networks.levels import CONVOLUTION, TRANSPOSED, LevelledUNet, Rise

if TYPE_CHECKING:
    from collections.abc import Sequence

INSTANCE_NORM: dict[int, type[nn.InstanceNorm2d | nn.InstanceNorm3d]] = {
    2: nn.InstanceNorm2d,
    3: nn.InstanceNorm3d,
}
_SLOPE = 0.01


class SmallUNet(LevelledUNet):
    """nnU-Net's plain blocks, two convolutions a level, in 2-D or 3-D.

    Instance norm works with batches of one or two, where batch norm does not; the residual `unet`
    begins with a stride, which blurs the outlines of small organs.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`.
    widths : sequence of int
        Channels of the levels from fine to coarse.

    References
    ----------
    Isensee 2021 (nnU-Net), "Network topology"; pooling as Ronneberger 2015.
    """

    def __init__(
        self, *, dimensions: int, in_channels: int, classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__(
            (_twice(dimensions, a, b) for a, b in pairwise((in_channels, *widths))),
            (
                Rise(
                    TRANSPOSED[dimensions](below, width, 2, stride=2),
                    _twice(dimensions, 2 * width, width),
                )
                for below, width in pairwise(reversed(widths))
            ),
            CONVOLUTION[dimensions](widths[0], classes, 1),
            dimensions=dimensions,
            in_channels=in_channels,
            classes=classes,
            deepest_channels=widths[-1],
        )


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    widths: Sequence[int] = (16, 32, 64, 128),
) -> SmallUNet:
    """Build it."""
    return SmallUNet(dimensions=dimensions, in_channels=in_channels, classes=classes, widths=widths)


def _twice(dimensions: int, channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(_once(dimensions, channels, width), _once(dimensions, width, width))


def _once(dimensions: int, channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        CONVOLUTION[dimensions](channels, width, 3, padding=1, bias=False),
        INSTANCE_NORM[dimensions](width, affine=True),
        nn.LeakyReLU(_SLOPE, inplace=True),
    )
