"""SMIT's segmentation network: its Swin transformer with a UNETR-style residual decoder.

Children are named as in the published files, so that their weights fit name by name.
Source: Jiang 2022 (SMIT), and the code published with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from monai.networks.blocks.dynunet_block import UnetOutBlock
from monai.networks.blocks.unetr_block import UnetrBasicBlock, UnetrUpBlock

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import Features, SegmentationNetwork
from napari_medssl.models.networks.swin import SmitSwin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

#: halved by the embedding and by each of four mergings
_MULTIPLE = 32
#: an instance norm needs more than one voxel at the deepest
_SMALLEST = 64


class Smit(SegmentationNetwork):
    """See `build`."""

    encoder_parts = ("transformer",)

    def __init__(
        self, transformer: SmitSwin, *, in_channels: int, classes: int, width: int, norm: str
    ) -> None:
        super().__init__(
            dimensions=3,
            in_channels=in_channels,
            classes=classes,
            multiple=_MULTIPLE,
            deepest_channels=16 * width,
            smallest=_SMALLEST,
        )
        self.transformer = transformer
        self.encoder1 = _same(in_channels, width, norm)
        self.encoder2 = _same(width, width, norm)
        self.encoder3 = _same(2 * width, 2 * width, norm)
        self.encoder4 = _same(4 * width, 4 * width, norm)
        self.encoder10 = _same(16 * width, 16 * width, norm)
        self.decoder5 = _up(16 * width, 8 * width, norm)
        self.decoder4 = _up(8 * width, 4 * width, norm)
        self.decoder3 = _up(4 * width, 2 * width, norm)
        self.decoder2 = _up(2 * width, width, norm)
        self.decoder1 = _up(width, width, norm)
        self.out = UnetOutBlock(spatial_dims=3, in_channels=width, out_channels=classes)

    def encode(self, image: Tensor) -> Features:
        """Return the four stages' maps and the merged last one."""
        maps = self.transformer(image)
        return Features(maps.stages, maps.merged[-1])

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
    depths: Sequence[int] = (2, 2, 4, 2),
    heads: Sequence[int] = (4, 4, 4, 4),
    qkv_bias: bool = False,
    norm: Literal["batch", "instance"] = "batch",
    drop_path: float = 0.0,
    legacy_unpartition: bool = False,
) -> Smit:
    """Build SMIT; sides of an image are multiples of 32, at least 64.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        Always 3; channels of the image; classes with the background.
    feature_size : int
        Channels of a token; every head must get the same share of it.
    depths, heads : sequence of int
        Blocks and attention heads of each stage.
    qkv_bias : bool
        False in the first release, True in the one of 12 blocks.
    norm : str
        Of the decoder: batch norm in the first release, instance norm in the newer one.
    drop_path : float
        Stochastic depth in training, 0 to below 1.
    legacy_unpartition : bool
        True only for weights trained with the published code; see `SmitSwin`.

    Raises
    ------
    UsageError
        If a stage's channels cannot be shared among its heads, or there are not four stages.
    """
    if len(depths) != 4 or len(heads) != 4:
        raise UsageError(f"SMIT of {len(depths)} stages", expected="four")
    if any((feature_size << stage) % count for stage, count in enumerate(heads)):
        raise UsageError(
            f"SMIT of {feature_size} features and {', '.join(map(str, heads))} heads",
            expected="channels that the heads of every stage can share equally",
        )
    transformer = SmitSwin(
        in_channels=in_channels,
        width=feature_size,
        depths=depths,
        heads=heads,
        qkv_bias=qkv_bias,
        drop_path=drop_path,
        legacy_unpartition=legacy_unpartition,
    )
    return Smit(
        transformer, in_channels=in_channels, classes=classes, width=feature_size, norm=norm
    )


def _same(channels: int, out: int, norm: str) -> UnetrBasicBlock:
    return UnetrBasicBlock(
        spatial_dims=3,
        in_channels=channels,
        out_channels=out,
        kernel_size=3,
        stride=1,
        norm_name=norm,
        res_block=True,
    )


def _up(channels: int, out: int, norm: str) -> UnetrUpBlock:
    return UnetrUpBlock(
        spatial_dims=3,
        in_channels=channels,
        out_channels=out,
        kernel_size=3,
        upsample_kernel_size=2,
        norm_name=norm,
        res_block=True,
    )
