"""The U-Net as it was printed: two convolutions a level, max-pooling, transposed convolutions."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from napari_medssl.models.networks.levels import (
    CONVOLUTION,
    TRANSPOSED,
    LevelledUNet,
    Rise,
    two_convolutions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class LiteralUNet(LevelledUNet):
    """Ronneberger's U-Net in 2-D or 3-D, with padding and batch norm.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`.
    widths : sequence of int
        Channels of the levels from fine to coarse.

    References
    ----------
    Ronneberger 2015; in 3-D Cicek 2016, whose batch norm it takes. Widths of the survey's
    comparison, methods.md section 1.
    """

    def __init__(
        self, *, dimensions: int, in_channels: int, classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__(
            (two_convolutions(dimensions, a, b) for a, b in pairwise((in_channels, *widths))),
            (
                Rise(
                    TRANSPOSED[dimensions](below, width, 2, stride=2),
                    two_convolutions(dimensions, 2 * width, width),
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
    widths: Sequence[int] = (32, 64, 128, 256),
) -> LiteralUNet:
    """Build it."""
    return LiteralUNet(
        dimensions=dimensions, in_channels=in_channels, classes=classes, widths=widths
    )
