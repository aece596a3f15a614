"""What Swin UNETR's pre-training asks of the deepest map: its turn, its image, what was cut out."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from napari_medssl.models.networks.levels import CONVOLUTION
from napari_medssl.pretrain.heads.projections import ByBatch

if TYPE_CHECKING:
    import numpy as np

_QUARTERS, _VECTOR = 4, 512


class SwinUnetrAnswers(NamedTuple):
    """What the heads say: (batch, 4) logits, (batch, 512) vectors, (batch, channels, *sides)."""

    turned: Tensor
    vectors: Tensor
    image: Tensor


class SwinUnetrHeads(nn.Module):
    """Three heads on one map.

    The first two look at one place each, the first and the second of the flattened map, as the
    published code does: attention has to bring there what they need.

    Parameters
    ----------
    dimensions, channels : int
        Of the map.
    doublings : int
        How often its sides are doubled to the image's: 5 for Swin UNETR.
    out_channels : int
        Of the image.
    norms : bool
        Whether what tells an image from the others is normed by the batch first; see `ByBatch`.

    References
    ----------
    Tang 2022, section 3, and the code published with it.
    """

    def __init__(
        self,
        dimensions: int,
        channels: int,
        doublings: int = 5,
        out_channels: int = 1,
        *,
        norms: bool = False,
    ) -> None:
        super().__init__()
        self.turn = nn.Linear(channels, _QUARTERS)
        norm = ByBatch(channels) if norms else nn.Identity()
        self.vector = nn.Sequential(norm, nn.Linear(channels, _VECTOR))
        widths = [max(1, channels >> n) for n in range(doublings + 1)]
        rises = [_rise(dimensions, wide, narrow) for wide, narrow in pairwise(widths)]
        self.draw = nn.Sequential(*rises, CONVOLUTION[dimensions](widths[-1], out_channels, 1))

    def forward(self, maps: Tensor) -> SwinUnetrAnswers:
        """Return answers for (batch, channels, *sides) maps of two places or more."""
        places = maps.flatten(2)
        return SwinUnetrAnswers(
            self.turn(places[..., 0]), self.vector(places[..., 1]), self.draw(maps)
        )


def turn_each(
    images: Tensor, random: np.random.Generator, plane: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Turn each image of a batch by 0 to 3 quarters within its slices.

    Parameters
    ----------
    images : (batch, channels, *sides) tensor
        The plane's two alike.
    random : numpy Generator
        Of this batch.
    plane : (int, int)
        Which of the sides are rows and columns of slices.

    Returns
    -------
    images : tensor of the same shape
        Turned.
    turns : (batch,) int64 tensor
        How many quarters.
    """
    turns = torch.from_numpy(random.integers(0, _QUARTERS, len(images)))
    dims = (1 + plane[0], 1 + plane[1])
    turned = [image.rot90(k, dims) for image, k in zip(images, turns.tolist(), strict=True)]
    return torch.stack(turned), turns


def _rise(dimensions: int, wide: int, narrow: int) -> nn.Sequential:
    norm = nn.InstanceNorm2d if dimensions == 2 else nn.InstanceNorm3d
    return nn.Sequential(
        CONVOLUTION[dimensions](wide, narrow, 3, padding=1),
        norm(narrow),
        nn.LeakyReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear" if dimensions == 2 else "trilinear"),
    )
