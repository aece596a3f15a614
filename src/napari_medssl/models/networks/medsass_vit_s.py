"""The ViT-S U-Net of MedSASS: a transformer beside a convolutional U-Net, joined at its bottom."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from napari_medssl.models.networks.levels import LevelledUNet, Rise, two_convolutions
from napari_medssl.models.networks.network import Features
from napari_medssl.models.quiet_imports import quiet_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

#: what of the encoder is a transformer: it can learn without the rest
TRANSFORMER = ("vit",)
_TRAINED_SIDE = 224


class TokensToMap(nn.Module):
    """The paper's VC block: a 1x1 convolution and a linear layer between two resizings.

    Parameters
    ----------
    dim, width : int
        Channels of the tokens and of the map.
    """

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(dim, width, 1)
        self.linear = nn.Linear(width, width)

    def forward(self, tokens: Tensor, grid: tuple[int, int], sides: Sequence[int]) -> Tensor:
        """Turn (batch, rows * columns, dim) into (batch, width, *sides)."""
        laid_out = tokens.transpose(1, 2).reshape(len(tokens), -1, *grid)
        mapped = self.linear(self.convolution(laid_out).movedim(1, -1)).movedim(-1, 1)
        return interpolate(mapped, size=tuple(sides), mode="bilinear")


class ViTSUNet(LevelledUNet):
    """Vision transformer and convolutional path see the image side by side; both feed the bottom.

    The encoder is all that looks at the image before the decoder: the transformer, the
    convolutional path down, and the layer that joins them. Pre-training that looks at the deepest
    map teaches all of it. MAE, SimMIM and DINO are about transformers: they look at the tokens,
    teach the child `vit`, which is timm's own, and hand on nothing else.

    Parameters
    ----------
    in_channels, classes : int
        As in `SegmentationNetwork`; 2-D.
    patch, dim, depth, heads : int
        Side of a patch, width of its token, blocks, and attention heads a block; the first two
        are its attributes.
    widths : sequence of int
        Channels of the convolutional path from fine to coarse. The paper does not print them.

    References
    ----------
    Singh and Cirrone (S2), appendix A.1 and figure 5; methods.md section 7. How the joint adds
    tokens to the map is ours, as the paper does not say.
    """

    encoder_parts = (*TRANSFORMER, "levels", "joint")

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        patch: int,
        dim: int,
        depth: int,
        heads: int,
        widths: Sequence[int],
    ) -> None:
        super().__init__(
            (two_convolutions(2, a, b) for a, b in pairwise((in_channels, *widths))),
            (
                Rise(
                    nn.Upsample(scale_factor=2, mode="bilinear"),
                    two_convolutions(2, below + width, width),
                )
                for below, width in pairwise(reversed(widths))
            ),
            nn.Conv2d(widths[0], classes, 1),
            dimensions=2,
            in_channels=in_channels,
            classes=classes,
            deepest_channels=widths[-1],
        )
        self.vit = _vision_transformer(in_channels, patch, dim, depth, heads)
        self.joint = TokensToMap(dim, widths[-1])
        self.patch, self.dim = patch, dim

    def encode(self, image: Tensor) -> Features:
        """Return the convolutional path's skips, and its deepest map with the tokens added."""
        features: Features = self.levels(image)
        tokens = self.vit.forward_features(image)[:, self.vit.num_prefix_tokens :]
        grid = (image.shape[2] // self.patch, image.shape[3] // self.patch)
        seen = self.joint(tokens, grid, features.deepest.shape[2:])
        return Features(features.skips, features.deepest + seen)

    def embed(self, image: Tensor) -> Tensor:
        """Return a token for each patch, (batch, rows, columns, dim), that knows no place yet."""
        tokens: Tensor = self.vit.patch_embed(image)
        return tokens

    def look(self, embedded: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run the transformer alone, on all patches or on some.

        Parameters
        ----------
        embedded : (batch, rows, columns, dim) tensor
            From `embed`.
        hidden : (batch, rows * columns) bool tensor, optional
            Patches that are left out, as many of each image.

        Returns
        -------
        (batch, dim) tensor, (batch, seen, dim) tensor
            The class token, and those of the patches that were seen, in order.
        """
        tokens = self.vit._pos_embed(embedded)
        count = self.vit.num_prefix_tokens
        if hidden is not None:
            seen = tokens[:, count:][~hidden].unflatten(0, (len(tokens), -1))
            tokens = torch.cat([tokens[:, :count], seen], 1)
        for block in self.vit.blocks:
            tokens = block(tokens)
        tokens = self.vit.norm(tokens)
        return tokens[:, 0], tokens[:, count:]


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    patch: int = 8,
    dim: int = 384,
    depth: int = 12,
    heads: int = 6,
    widths: Sequence[int] = (64, 128, 256, 512, 512),
) -> ViTSUNet:
    """Build it; it exists in 2-D alone."""
    return ViTSUNet(
        in_channels=in_channels,
        classes=classes,
        patch=patch,
        dim=dim,
        depth=depth,
        heads=heads,
        widths=widths,
    )


def _vision_transformer(in_channels: int, patch: int, dim: int, depth: int, heads: int) -> Any:
    """Return timm's, without a classifier, that takes any side by interpolating its positions."""
    with quiet_imports():
        from timm.models.vision_transformer import VisionTransformer
    return VisionTransformer(
        img_size=_TRAINED_SIDE,
        patch_size=patch,
        in_chans=in_channels,
        embed_dim=dim,
        depth=depth,
        num_heads=heads,
        num_classes=0,
        dynamic_img_size=True,
    )
