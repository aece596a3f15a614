"""Levels of a U-Net: down by pooling, up beside skips, and the network that is made of both."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import Features, SegmentationNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

CONVOLUTION: dict[int, type[nn.Conv2d | nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED: dict[int, type[nn.ConvTranspose2d | nn.ConvTranspose3d]] = {
    2: nn.ConvTranspose2d,
    3: nn.ConvTranspose3d,
}
BATCH_NORM: dict[int, type[nn.BatchNorm2d | nn.BatchNorm3d]] = {
    2: nn.BatchNorm2d,
    3: nn.BatchNorm3d,
}
_MAX_POOL: dict[int, type[nn.MaxPool2d | nn.MaxPool3d]] = {2: nn.MaxPool2d, 3: nn.MaxPool3d}


def convolution(dimensions: int, channels: int, width: int) -> nn.Sequential:
    """Make a 3x3(x3) convolution, batch norm and ReLU; sides stay as they are."""
    return nn.Sequential(
        CONVOLUTION[dimensions](channels, width, 3, padding=1, bias=False),
        BATCH_NORM[dimensions](width),
        nn.ReLU(inplace=True),
    )


def two_convolutions(dimensions: int, channels: int, width: int) -> nn.Sequential:
    """Make two of them, the block of Ronneberger 2015 (padded, and with batch norm)."""
    return nn.Sequential(
        convolution(dimensions, channels, width), convolution(dimensions, width, width)
    )


class Levels(nn.ModuleList):
    """Blocks with 2x max-pooling before all but the first: the way down.

    Parameters
    ----------
    dimensions : int
        2 or 3.
    blocks : modules
        From fine to coarse; each leaves the sides as they are.
    """

    def __init__(self, dimensions: int, blocks: Iterable[nn.Module]) -> None:
        super().__init__(blocks)
        self._dimensions = dimensions

    def forward(self, image: Tensor) -> Features:
        """Return what every block gave: the last is the deepest map, the others are skips."""
        halve = _MAX_POOL[self._dimensions](2)
        maps: list[Tensor] = []
        for block in self:
            maps.append(block(halve(maps[-1]) if maps else image))
        return Features(tuple(maps[:-1]), maps[-1])


class Rise(nn.Module):
    """One level of the way up: double the sides, lay the skip beside, and look at both.

    Parameters
    ----------
    upsample : module
        Doubles every side.
    block : module
        Takes the channels of the skip and of `upsample` together.
    """

    def __init__(self, upsample: nn.Module, block: nn.Module) -> None:
        super().__init__()
        self.upsample = upsample
        self.block = block

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        """Return the map on the skip's grid."""
        out: Tensor = self.block(torch.cat([skip, self.upsample(below)], dim=1))
        return out


class LevelledUNet(SegmentationNetwork):
    """A U-Net of any blocks, an encoder level more than it has rises.

    Parameters
    ----------
    blocks, rises : modules
        The encoder's blocks from fine to coarse, and the decoder's `Rise` from coarse to fine.
    head : module
        From the finest map to one channel a class.
    dimensions, in_channels, classes, deepest_channels : int
        As in `SegmentationNetwork`.
    """

    encoder_parts: ClassVar[tuple[str, ...]] = ("levels",)

    def __init__(
        self,
        blocks: Iterable[nn.Module],
        rises: Iterable[Rise],
        head: nn.Module,
        *,
        dimensions: int,
        in_channels: int,
        classes: int,
        deepest_channels: int,
    ) -> None:
        levels, climb = Levels(dimensions, blocks), nn.ModuleList(rises)
        multiple = 2 ** len(climb)
        super().__init__(
            dimensions=dimensions,
            in_channels=in_channels,
            classes=classes,
            multiple=multiple,
            deepest_channels=deepest_channels,
            smallest=2 * multiple,  # norms need more than one pixel at the deepest
        )
        self.levels = levels
        self.rises = climb
        self.head = head

    def encode(self, image: Tensor) -> Features:
        """Return a skip for every level but the last, which is the deepest map."""
        features: Features = self.levels(image)
        return features

    def decode(self, image: Tensor, features: Features) -> Tensor:
        """Return logits; the image is not looked at again."""
        logits: Tensor = self.head(self.decode_upto(features, len(self.rises)))
        return logits

    def decode_upto(self, features: Features, level: int) -> Tensor:
        """Return the map that the first decoder levels make, before the head.

        Parameters
        ----------
        features : Features
            From `encode`.
        level : int
            How many levels to go up; 0 gives the deepest map itself.

        Raises
        ------
        UsageError
            If there are not so many.
        """
        if not 0 <= level <= len(self.rises):
            raise UsageError(f"decoder level {level}", expected=f"0 to {len(self.rises)}")
        out = features.deepest
        skips = features.skips[::-1][:level]
        for rise, skip in zip(self.rises[:level], skips, strict=True):
            out = rise(out, skip)
        return out


class PlainUNet(LevelledUNet):
    """A U-Net of one kind of block, with transposed convolutions on the way up.

    Parameters
    ----------
    block : callable
        Dimensions, channels and width -> a block that leaves the sides as they are.
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`.
    widths : sequence of int
        Channels of the levels from fine to coarse.
    """

    def __init__(
        self,
        block: Callable[[int, int, int], nn.Module],
        *,
        dimensions: int,
        in_channels: int,
        classes: int,
        widths: Sequence[int],
    ) -> None:
        super().__init__(
            (block(dimensions, a, b) for a, b in pairwise((in_channels, *widths))),
            (
                Rise(
                    TRANSPOSED[dimensions](below, width, 2, stride=2),
                    block(dimensions, 2 * width, width),
                )
                for below, width in pairwise(reversed(widths))
            ),
            CONVOLUTION[dimensions](widths[0], classes, 1),
            dimensions=dimensions,
            in_channels=in_channels,
            classes=classes,
            deepest_channels=widths[-1],
        )
