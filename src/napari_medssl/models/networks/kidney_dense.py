"""The dense U-Net that learnt left from right kidneys, and its reconstruction branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_medssl.models.networks.network import Features, SegmentationNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST, _BETWEEN = 4, 16
_GROWTH, _LAYERS = (4, 16, 16, 16), (2, 2, 4, 8)
_WIDTHS, _GROUPS, _RISEN = (128, 32, 4), (16, 4, 4), (64, 16)
_MANY_CHANNELS = 64


class DenseBlock(nn.ModuleList):
    """Layers that each see what all before them made, and lay a few channels beside it.

    Parameters
    ----------
    channels, growth, layers : int
        Channels in; channels a layer adds; how many layers.
    """

    def __init__(self, channels: int, growth: int, layers: int) -> None:
        super().__init__(
            nn.Sequential(_norm(width), nn.ReLU(), nn.Conv3d(width, growth, 3, padding=1))
            for width in range(channels, channels + layers * growth, growth)
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the image's channels and all that were added."""
        for layer in self:
            image = torch.cat([image, layer(image)], dim=1)
        return image


class KidneyEncoder(nn.Module):
    """A halving convolution, then four dense blocks with halving transitions between them.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv3d(in_channels, _FIRST, 3, stride=2, padding=1)
        entering = (_FIRST, _BETWEEN, _BETWEEN, _BETWEEN)
        self.dense = nn.ModuleList(map(DenseBlock, entering, _GROWTH, _LAYERS))
        leaving = [c + g * n for c, g, n in zip(entering, _GROWTH, _LAYERS, strict=True)]
        self.transitions = nn.ModuleList(map(_transition, leaving[:-1]))
        self.channels = leaving[-1]

    def forward(self, image: Tensor) -> Features:
        """Return 16 channels at 1/4, 1/8 and 1/16, and 144 at 1/16."""
        out = self.first(image)
        skips: list[Tensor] = []
        for dense, transition in zip(self.dense, self.transitions, strict=False):
            out = transition(dense(out))
            skips.append(out)
        return Features(tuple(skips), self.dense[-1](out))


class KidneyDecoder(nn.Module):
    """Three plain blocks up to 1/4, then one doubling twice: its weights are shared.

    The second doubling makes good for the encoder's halving first layer.

    Parameters
    ----------
    channels, beside, classes : int
        Channels of the deepest map, of each skip (0 for none), and out.
    """

    def __init__(self, channels: int, beside: int, classes: int) -> None:
        super().__init__()
        entering = (channels, *_RISEN)
        self.blocks = nn.ModuleList(
            nn.Sequential(*_normed(below + beside, width, groups), *_normed(width, width, groups))
            for below, width, groups in zip(entering, _WIDTHS, _GROUPS, strict=True)
        )
        self.rises = nn.ModuleList(
            nn.ConvTranspose3d(width, risen, 2, stride=2)
            for width, risen in zip(_WIDTHS[:-1], _RISEN, strict=True)
        )
        self.upsample = nn.ConvTranspose3d(_WIDTHS[-1], _WIDTHS[-1], 2, stride=2)
        self.head = nn.Conv3d(_WIDTHS[-1], classes, 1)

    def forward(self, deepest: Tensor, skips: Sequence[Tensor] = ()) -> Tensor:
        """Return (batch, classes, *sides of the image); skips go from fine to coarse."""
        out, beside = deepest, list(skips)
        for n, block in enumerate(self.blocks):
            out = self.rises[n - 1](out) if n else out
            out = block(torch.cat([beside.pop(), out], dim=1) if beside else out)
        logits: Tensor = self.head(self.upsample(self.upsample(out)))
        return logits


class KidneyDense(SegmentationNetwork):
    """A small dense encoder with a plain decoder, and an autoencoder's branch for training.

    Parameters
    ----------
    in_channels, classes : int
        As in `SegmentationNetwork`; 3-D.

    References
    ----------
    Dhere and Sivaswamy (S1), section 3.1, with the details of their code; methods.md section 9.
    """

    encoder_parts = ("encoder",)
    auxiliary_parts = ("reconstruction",)

    def __init__(self, *, in_channels: int, classes: int) -> None:
        encoder = KidneyEncoder(in_channels)
        super().__init__(
            dimensions=3,
            in_channels=in_channels,
            classes=classes,
            multiple=2 ** len(_LAYERS),
            deepest_channels=encoder.channels,
        )
        self.encoder = encoder
        self.decoder = KidneyDecoder(encoder.channels, _BETWEEN, classes)
        self.reconstruction = KidneyDecoder(encoder.channels, 0, in_channels)

    def encode(self, image: Tensor) -> Features:
        """Return 16 channels at 1/4, 1/8 and 1/16, and 144 at 1/16."""
        features: Features = self.encoder(image)
        return features

    def decode(self, image: Tensor, features: Features) -> Tensor:
        """Return logits; the image is not looked at again."""
        logits: Tensor = self.decoder(features.deepest, features.skips)
        return logits

    def reconstruct(self, features: Features) -> Tensor:
        """Return the image as it can be told from the deepest map alone.

        Only a recipe that weighs this against the image trains the branch; `forward` leaves it
        out.
        """
        image: Tensor = self.reconstruction(features.deepest)
        return image


def build(*, dimensions: int, in_channels: int, classes: int) -> KidneyDense:
    """Build it; it exists in 3-D alone."""
    return KidneyDense(in_channels=in_channels, classes=classes)


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(4 if channels < _MANY_CHANNELS else 8, channels)


def _transition(channels: int) -> nn.Sequential:
    """Make the step between dense blocks, in the order of the authors' code: 1x1x1, then halve."""
    return nn.Sequential(
        _norm(channels),
        nn.ReLU(),
        nn.Conv3d(channels, _BETWEEN, 1),
        nn.Conv3d(_BETWEEN, _BETWEEN, 2, stride=2),
    )


def _normed(channels: int, width: int, groups: int) -> tuple[nn.Module, ...]:
    return nn.Conv3d(channels, width, 3, padding=1), nn.GroupNorm(groups, width), nn.ReLU()
