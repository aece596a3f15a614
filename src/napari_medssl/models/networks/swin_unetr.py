"""Swin UNETR: MONAI's, cut into encoder and decoder.

Sources: Hatamizadeh 2022; Tang 2022 (pre-trained weights); Konieczkowicz (thesis), section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from monai.networks.nets.swin_unetr import SwinUNETR as MonaiSwinUNETR
from torch import Tensor, nn

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import Features, SegmentationNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

#: halved by the embedding and by each of four mergings
_MULTIPLE = 32
#: an instance norm needs more than one voxel at the deepest
_SMALLEST = 64
#: three of eight neighbours twice, three never: MONAI's order until the release 1.4
_LEGACY_NEIGHBOURS = (
    (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 0), (0, 0, 1), (1, 1, 1),
)  # fmt: skip


class LegacyPatchMerging(nn.Module):
    """The 3-D patch merging that public Swin UNETR weights were trained with.

    MONAI up to 1.4 took neighbours 010 and 001 twice and left out 110 and 011 (issue 8284 there);
    weights from that time only make sense in that order.

    Parameters
    ----------
    dim : int
        Channels that come in; twice as many go out.
    norm_layer : type
        Of the eight neighbours' channels side by side.
    spatial_dims : int
        Always 3: in two dimensions the order was right.
    """

    def __init__(
        self, dim: int, norm_layer: type[nn.LayerNorm] = nn.LayerNorm, spatial_dims: int = 3
    ) -> None:
        super().__init__()
        if spatial_dims != 3:
            raise UsageError(f"the legacy merging in {spatial_dims}-D", expected="3-D")
        self.reduction = nn.Linear(8 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(8 * dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Merge (batch, *sides, channels) with even sides to half the sides."""
        beside = [tokens[:, i::2, j::2, k::2] for i, j, k in _LEGACY_NEIGHBOURS]
        merged: Tensor = self.reduction(self.norm(torch.cat(beside, dim=-1)))
        return merged


class SwinUnetr(SegmentationNetwork):
    """See `build`; children are named as in MONAI, whose files fit name by name."""

    encoder_parts = ("swinViT",)

    swinViT: nn.Module  # noqa: N815 - the name in every file
    encoder1: nn.Module
    encoder2: nn.Module
    encoder3: nn.Module
    encoder4: nn.Module
    encoder10: nn.Module
    decoder5: nn.Module
    decoder4: nn.Module
    decoder3: nn.Module
    decoder2: nn.Module
    decoder1: nn.Module
    out: nn.Module

    def __init__(
        self, whole: Any, *, in_channels: int, classes: int, width: int, dims: int
    ) -> None:
        super().__init__(
            dimensions=dims,
            in_channels=in_channels,
            classes=classes,
            multiple=_MULTIPLE,
            deepest_channels=16 * width,
            smallest=_SMALLEST,
        )
        for name, child in whole.named_children():
            self.add_module(name, child)

    def encode(self, image: Tensor) -> Features:
        """Return the embedding's and the stages' maps, layer-normed."""
        *skips, deepest = self.swinViT(image, True)
        return Features(tuple(skips), deepest)

    def decode(self, image: Tensor, features: Features) -> Tensor:
        """Return logits; the image itself is the finest skip."""
        half, quarter, eighth, sixteenth = features.skips
        x = self.decoder5(self.encoder10(features.deepest), sixteenth)
        x = self.decoder4(x, self.encoder4(eighth))
        x = self.decoder3(x, self.encoder3(quarter))
        x = self.decoder2(x, self.encoder2(half))
        logits: Tensor = self.out(self.decoder1(x, self.encoder1(image)))
        return logits


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    feature_size: int = 48,
    depths: Sequence[int] = (2, 2, 2, 2),
    heads: Sequence[int] = (3, 6, 12, 24),
    qkv_bias: bool = True,
    patch_norm: bool = False,
    drop_path: float = 0.0,
    legacy_merging: bool = False,
) -> SwinUnetr:
    """Build Swin UNETR; sides of an image are multiples of 32, at least 64.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        2 or 3; channels of the image; classes with the background.
    feature_size : int
        Channels of a token, a multiple of 12: 48 in the published weights.
    depths, heads : sequence of int
        Blocks and attention heads of each stage.
    qkv_bias, patch_norm : bool
        Whether queries, keys and values have a bias, and tokens a layer norm.
    drop_path : float
        Stochastic depth in training, 0 to below 1.
    legacy_merging : bool
        True for 3-D weights that were trained with MONAI up to 1.4; see `LegacyPatchMerging`.

    Raises
    ------
    UsageError
        If the feature size is no multiple of 12, or the legacy merging is asked for in 2-D.
    """
    if feature_size < 12 or feature_size % 12:
        raise UsageError(f"{feature_size} features for Swin UNETR", expected="a multiple of 12")
    if legacy_merging and dimensions != 3:
        raise UsageError("the legacy merging in 2-D", expected="3-D, where alone it differs")
    merging: Any = LegacyPatchMerging if legacy_merging else "merging"
    whole = MonaiSwinUNETR(
        in_channels=in_channels,
        out_channels=classes,
        feature_size=feature_size,
        depths=depths,
        num_heads=heads,
        qkv_bias=qkv_bias,
        patch_norm=patch_norm,
        dropout_path_rate=drop_path,
        spatial_dims=dimensions,
        downsample=merging,
    )
    return SwinUnetr(
        whole, in_channels=in_channels, classes=classes, width=feature_size, dims=dimensions
    )
