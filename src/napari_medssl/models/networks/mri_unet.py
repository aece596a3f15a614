"""The 2-D U-Net of the MRI paper, whose decoder can be stopped at any level."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from napari_medssl.models.networks.levels import (
    CONVOLUTION,
    LevelledUNet,
    Rise,
    convolution,
    two_convolutions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class MRIUNet(LevelledUNet):
    """Two convolutions a level; upwards nearest doubling and a convolution, then the skip.

    The contrastive pre-training of its decoder compares regions of ``decode_upto(features, 3)``.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`; the paper's is 2-D.
    widths : sequence of int
        Channels of the levels from fine to coarse.

    References
    ----------
    Umapathy (S4), which prints no widths; those, and the way up, are of Chaitanya 2020, its
    reference 9 (methods.md section 10).
    """

    def __init__(
        self, *, dimensions: int, in_channels: int, classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__(
            (two_convolutions(dimensions, a, b) for a, b in pairwise((in_channels, *widths))),
            (
                Rise(
                    nn.Sequential(nn.Upsample(scale_factor=2), convolution(dimensions, low, width)),
                    two_convolutions(dimensions, 2 * width, width),
                )
                for low, width in pairwise(reversed(widths))
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
    widths: Sequence[int] = (16, 32, 64, 128, 128, 128),
) -> MRIUNet:
    """Build it."""
    return MRIUNet(dimensions=dimensions, in_channels=in_channels, classes=classes, widths=widths)
