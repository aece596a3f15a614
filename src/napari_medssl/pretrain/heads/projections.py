"""What sits on an encoder while it learns and is thrown away after: projections and predictions.

All take vectors, (batch, channels), but `local_projection`, which takes maps.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from napari_medssl.models.networks.levels import BATCH_NORM, CONVOLUTION
from napari_medssl.pretrain.learning.precision import in_float32

if TYPE_CHECKING:
    from collections.abc import Sequence


def pooled(maps: Tensor) -> Tensor:
    """Return the mean over all places of a map: (batch, channels, *sides) to (batch, channels)."""
    return maps.flatten(2).mean(2)


class ByBatch(nn.Module):
    """Norms each channel by the rows at hand, and keeps nothing; the same for student and teacher.

    Vectors of an encoder that norms each image, and a transformer's tokens, have most of their
    length in common. A head without norms then says nearly the same of all, and a teacher that is
    centred says nothing.

    Parameters
    ----------
    channels : int
        Of a row.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, affine=False, track_running_stats=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Return rows, (..., channels), each channel of mean 0 and deviation 1 over all of them."""
        normed: Tensor = self.norm(rows.flatten(0, -2))
        return normed.view_as(rows)


def perceptron(
    widths: Sequence[int], *, last_norm: bool = False, last_bias: bool = True
) -> nn.Sequential:
    """Make linear layers with batch norm and ReLU between them.

    Parameters
    ----------
    widths : sequence of int
        Channels in, of each layer between, and out.
    last_norm : bool
        Whether the last layer is normed too, without a scale of its own.
    last_bias : bool
        Whether the last layer has a bias.
    """
    layers: list[nn.Module] = []
    for channels, width in pairwise(widths[:-1]):
        layers += [nn.Linear(channels, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    layers.append(nn.Linear(widths[-2], widths[-1], bias=last_bias and not last_norm))
    if last_norm:
        layers.append(nn.BatchNorm1d(widths[-1], affine=False))
    return nn.Sequential(*layers)


def simsiam_projection(channels: int, width: int = 2048) -> nn.Sequential:
    """Three layers, the last normed: Chen and He 2021, section 3; S3, section 4.2."""
    return perceptron((channels, width, width, width), last_norm=True)


def simsiam_prediction(width: int = 2048) -> nn.Sequential:
    """Two layers, four times narrower between them: Chen and He 2021, section 3."""
    return perceptron((width, width // 4, width))


def byol_projection(
    channels: int, hidden: int = 4096, width: int = 256, *, last_norm: bool = False
) -> nn.Sequential:
    """Two layers: Grill 2020, section 3.3. The prediction is the same, from ``width``."""
    return perceptron((channels, hidden, width), last_norm=last_norm, last_bias=False)


def barlow_projection(channels: int, width: int = 128) -> nn.Sequential:
    """Three layers of half the image's height: Punn 2022 (BT-UNet), the published code."""
    return perceptron((channels, width, width, width))


def contrast_projection(
    channels: int, hidden: int = 256, width: int = 128, *, norms: bool = False
) -> nn.Sequential:
    """Two layers: plain as in Chaitanya 2020, or normed as in SimCLR's published code.

    The widths are ours, S4 prints none.

    Parameters
    ----------
    channels, hidden, width : int
        In, between and out.
    norms : bool
        Whether both layers norm by the batch. An encoder with instance norms needs it: the mean of
        such a channel is nearly the same for every image, so what tells images apart is a
        thousandth of their vectors, and a plain head takes hundreds of steps to find it.
    """
    if norms:
        return perceptron((channels, hidden, width), last_norm=True)
    return nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, width))


def local_projection(dimensions: int, channels: int, width: int = 128) -> nn.Sequential:
    """Two 1x1 convolutions on a decoder's map, normed between them: S4 after Chaitanya 2020."""
    return nn.Sequential(
        CONVOLUTION[dimensions](channels, channels, 1, bias=False),
        BATCH_NORM[dimensions](channels),
        nn.ReLU(),
        CONVOLUTION[dimensions](channels, width, 1),
    )


class DistillationHead(nn.Module):
    """From tokens to logits of classes that nobody named: the head of DINO, iBOT and SMIT.

    Three layers with GELU between them, no norm; then length 1; then a layer whose rows have
    length 1 too and keep it.

    Parameters
    ----------
    channels : int
        Of a token.
    classes : int
        8,192 for SMIT, 65,536 for DINO on a million images, 4,096 for little data.
    hidden, bottleneck : int
        Widths between.

    References
    ----------
    Caron 2021 (DINO), appendix C; Jiang 2022 (SMIT), the published code.
    """

    def __init__(
        self, channels: int, classes: int, *, hidden: int = 2048, bottleneck: int = 256
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, bottleneck),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        last = nn.Linear(bottleneck, classes, bias=False)
        self.last = parametrizations.weight_norm(last)
        lengths = self.last.parametrizations.weight.original0
        nn.init.ones_(lengths)
        lengths.requires_grad_(False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits, (..., classes), of tokens, (..., channels)."""
        return in_float32(self._answer)(self.layers(tokens))

    def _answer(self, vectors: Tensor) -> Tensor:
        logits: Tensor = self.last(functional.normalize(vectors, dim=-1))
        return logits

    def hold_last(self) -> None:
        """Forget the last layer's gradient: in a run's first epoch only what lies below learns."""
        for weight in self.last.parameters():
            weight.grad = None
