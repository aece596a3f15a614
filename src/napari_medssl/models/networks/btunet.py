"""The small separable residual U-Net of BT-UNet."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import Tensor, nn

from napari_medssl.models.networks.levels import BATCH_NORM, CONVOLUTION, LevelledUNet, Rise

if TYPE_CHECKING:
    from collections.abc import Sequence


class SeparableResidual(nn.Module):
    """Two depthwise-separable convolutions beside a 1x1 shortcut; nothing after their sum.

    Parameters
    ----------
    dimensions, channels, width : int
        2 or 3; channels in and out.
    dropout : float
        Share of numbers dropped after the convolutions.
    """

    def __init__(self, dimensions: int, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *_separable(dimensions, channels, width),
            *_separable(dimensions, width, width),
            nn.Dropout(dropout),
        )
        self.shortcut = nn.Sequential(
            CONVOLUTION[dimensions](channels, width, 1, bias=False), BATCH_NORM[dimensions](width)
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the sum of both ways."""
        out: Tensor = self.convolutions(image) + self.shortcut(image)
        return out


class BTUNet(LevelledUNet):
    """The network that BT-UNet pre-trains with Barlow twins: encoder and bottleneck, then all.

    It takes 0 to 1: the paper's 1/255 is a step of the preparation, not of the network. Its
    sigmoid is the loss's and the reader's affair: these are logits, of the background too.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`; the paper's is 2-D, with 3 channels.
    widths : sequence of int
        Channels of the levels from fine to coarse; the last is the bottleneck.
    dropout : float
        Share dropped in every block.

    References
    ----------
    Punn 2022 and its repository; methods.md section 3.
    """

    def __init__(
        self,
        *,
        dimensions: int,
        in_channels: int,
        classes: int,
        widths: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__(
            (
                SeparableResidual(dimensions, channels, width, dropout)
                for channels, width in pairwise((in_channels, *widths))
            ),
            (
                Rise(
                    nn.Upsample(scale_factor=2),
                    SeparableResidual(dimensions, below + width, width, dropout),
                )
                for below, width in pairwise(reversed(widths))
            ),
            nn.Sequential(
                CONVOLUTION[dimensions](widths[0], classes, 1), BATCH_NORM[dimensions](classes)
            ),
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
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    dropout: float = 0.1,
) -> BTUNet:
    """Build it."""
    return BTUNet(
        dimensions=dimensions,
        in_channels=in_channels,
        classes=classes,
        widths=widths,
        dropout=dropout,
    )


def _separable(dimensions: int, channels: int, width: int) -> tuple[nn.Module, ...]:
    return (
        CONVOLUTION[dimensions](channels, channels, 3, padding=1, groups=channels, bias=False),
        CONVOLUTION[dimensions](channels, width, 1, bias=False),
        BATCH_NORM[dimensions](width),
        nn.ReLU(inplace=True),
    )
