"""The Swin transformer of SMIT, and the fault of its published code as a switch.

It differs from MONAI's: what a stage hands out is layer-normed and taken before the merging, every
stage merges, the window is never made smaller, and eight neighbours are merged in another order.
Sources: Liu 2021 (Swin), section 3; Jiang 2022 (SMIT), section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW = 4
_SHIFT = WINDOW // 2
_IN_WINDOW = WINDOW**3
#: added to the attention between voxels that only the shift made neighbours
_APART = -100.0
#: the order in which SMIT lays eight neighbours side by side
_NEIGHBOURS = (
    (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1),
)  # fmt: skip


@dataclass(frozen=True)
class SwinMaps:
    """What the stages of a Swin transformer gave.

    Parameters
    ----------
    stages : tuple of Tensor
        Layer-normed output of each stage before its merging, (batch, width * 2**i, *sides / 2**i).
    merged : tuple of Tensor
        The same after merging, not normed, twice the channels on half the sides; the last is the
        coarsest map, the one before it SMIT's tokens for self-distillation.
    """

    stages: tuple[Tensor, ...]
    merged: tuple[Tensor, ...]


class SmitSwin(nn.Module):
    """SMIT's Swin transformer, 3-D.

    Parameters
    ----------
    in_channels, width : int
        Channels of the image, and of a token.
    depths, heads : sequence of int
        Blocks and attention heads of each stage.
    qkv_bias : bool
        Whether queries, keys and values have a bias.
    drop_path : float
        Chance of leaving out the last block in training; from 0 rising linearly block by block.
    legacy_unpartition : bool
        Write windows back in the scrambled order of the published code. True for weights that were
        trained with that code, and for nothing else.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int,
        depths: Sequence[int],
        heads: Sequence[int],
        qkv_bias: bool,
        drop_path: float = 0.0,
        legacy_unpartition: bool = False,
    ) -> None:
        super().__init__()
        rates = torch.linspace(0, drop_path, sum(depths)).tolist()
        self.patch_embed = PatchEmbedding(in_channels, width)
        self.layers = nn.ModuleList()
        for stage, (depth, count) in enumerate(zip(depths, heads, strict=True)):
            blocks = [
                Block(
                    width << stage,
                    count,
                    shifted=bool(place % 2),
                    qkv_bias=qkv_bias,
                    drop_path=rates.pop(0),
                    scrambled=legacy_unpartition,
                )
                for place in range(depth)
            ]
            self.layers.append(Stage(blocks, Merging(width << stage)))
            self.add_module(f"norm{stage}", nn.LayerNorm(width << stage))

    def embed(self, image: Tensor) -> Tensor:
        """Turn every 2 x 2 x 2 voxels into a token, (batch, *sides / 2, width)."""
        tokens: Tensor = self.patch_embed(image)
        return tokens

    def forward_from(self, tokens: Tensor) -> SwinMaps:
        """Run the stages on tokens as `embed` gives them; a pre-training may replace some."""
        stages, merged = [], []
        for place, layer in enumerate(self.layers):
            whole, tokens = layer(tokens)
            stages.append(_channels_first(self.get_submodule(f"norm{place}")(whole)))
            merged.append(_channels_first(tokens))
        return SwinMaps(tuple(stages), tuple(merged))

    def forward(self, image: Tensor) -> SwinMaps:
        """Embed an image and run the stages."""
        return self.forward_from(self.embed(image))


class PatchEmbedding(nn.Module):
    """A strided convolution and a layer norm."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv3d(in_channels, width, kernel_size=2, stride=2)
        self.norm = nn.LayerNorm(width)

    def forward(self, image: Tensor) -> Tensor:
        """Return tokens, channels last."""
        tokens: Tensor = self.norm(self.proj(image).permute(0, 2, 3, 4, 1))
        return tokens


class Stage(nn.Module):
    """Blocks on one grid, and the merging to the next."""

    def __init__(self, blocks: Sequence[Block], merging: Merging) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.downsample = merging

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the tokens before and after the merging, channels last."""
        apart = _apart(_padded_sides(tokens), tokens.device)
        for block in self.blocks:
            tokens = block(tokens, apart)
        return tokens, self.downsample(tokens)


class Block(nn.Module):
    """Attention within windows and a perceptron, each on a layer norm and added to its input."""

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        shifted: bool,
        qkv_bias: bool,
        drop_path: float,
        scrambled: bool,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, heads, qkv_bias=qkv_bias)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Perceptron(width)
        self.shift = -_SHIFT if shifted else 0
        self.drop_path = drop_path
        self.scrambled = scrambled

    def forward(self, tokens: Tensor, apart: Tensor) -> Tensor:
        """Return tokens of the same shape, (batch, *sides, width)."""
        tokens = tokens + self._dropped(self._attended(self.norm1(tokens), apart))
        return tokens + self._dropped(self.mlp(self.norm2(tokens)))

    def _attended(self, tokens: Tensor, apart: Tensor) -> Tensor:
        sides, padded = tokens.shape[1:4], _padded_sides(tokens)
        behind = [
            more for side, full in zip(sides, padded, strict=True) for more in (full - side, 0)
        ]
        tokens = functional.pad(tokens, (0, 0, *reversed(behind)))
        tokens = tokens.roll((self.shift,) * 3, (1, 2, 3))
        windows = self.attn(windows_of(tokens), apart if self.shift else None)
        tokens = unwindowed(windows, padded, scrambled=self.scrambled)
        tokens = tokens.roll((-self.shift,) * 3, (1, 2, 3))
        return tokens[:, : sides[0], : sides[1], : sides[2]]

    def _dropped(self, branch: Tensor) -> Tensor:
        """Leave the branch out for some of the batch's images, and make up for it in the rest."""
        if not (self.training and self.drop_path):
            return branch
        keep = 1 - self.drop_path
        kept = branch.new_empty(len(branch), 1, 1, 1, 1).bernoulli_(keep)
        return branch * kept / keep


class WindowAttention(nn.Module):
    """Attention among the voxels of a window, with a learnt bias for each relative place."""

    relative_position_index: Tensor

    def __init__(self, width: int, heads: int, *, qkv_bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * WINDOW - 1) ** 3, heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.register_buffer("relative_position_index", _relative_places())
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, width)

    def forward(self, windows: Tensor, apart: Tensor | None) -> Tensor:
        """Return windows of the same shape, (batch * windows, 64, width)."""
        count, inside, width = windows.shape
        qkv = self.qkv(windows).view(count, inside, 3, self.heads, width // self.heads)
        queries, keys, values = qkv.permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[self.relative_position_index.flatten()]
        bias = bias.view(1, inside, inside, self.heads).permute(0, 3, 1, 2)
        if apart is not None:
            bias = (bias + apart[:, None]).repeat(count // len(apart), 1, 1, 1)
        bias = bias.to(queries.dtype).expand(count, -1, -1, -1)
        seen = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        attended: Tensor = self.proj(seen.transpose(1, 2).reshape(count, inside, width))
        return attended


class Perceptron(nn.Module):
    """Two layers, four times as wide between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the same shape."""
        mixed: Tensor = self.fc2(functional.gelu(self.fc1(tokens)))
        return mixed


class Merging(nn.Module):
    """Eight neighbours side by side, normed and brought to twice the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8 * width)
        self.reduction = nn.Linear(8 * width, 2 * width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens on half the sides, channels last."""
        beside = [tokens[:, i::2, j::2, k::2] for i, j, k in _NEIGHBOURS]
        merged: Tensor = self.reduction(self.norm(torch.cat(beside, dim=-1)))
        return merged


def windows_of(tokens: Tensor) -> Tensor:
    """Cut (batch, *sides, channels) into windows, (batch * windows, 64, channels)."""
    batch, (z, y, x), channels = len(tokens), _counts(tokens.shape[1:4]), tokens.shape[-1]
    cut = tokens.reshape(batch, z, WINDOW, y, WINDOW, x, WINDOW, channels)
    return cut.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, _IN_WINDOW, channels)


def unwindowed(windows: Tensor, sides: Sequence[int], *, scrambled: bool) -> Tensor:
    """Lay windows back, (batch, *sides, channels); `scrambled` is the published code's order."""
    counts = _counts(sides)
    cut = windows.reshape(-1, *counts, WINDOW, WINDOW, WINDOW, windows.shape[-1])
    order = (0, 1, 3, 5, 2, 4, 6, 7) if scrambled else (0, 1, 4, 2, 5, 3, 6, 7)
    return cut.permute(order).reshape(-1, *sides, windows.shape[-1])


def _counts(sides: Sequence[int]) -> tuple[int, ...]:
    return tuple(side // WINDOW for side in sides)


def _padded_sides(tokens: Tensor) -> tuple[int, ...]:
    return tuple(-(-side // WINDOW) * WINDOW for side in tokens.shape[1:4])


def _apart(sides: Sequence[int], device: torch.device) -> Tensor:
    """Tell which pairs of a shifted window are no neighbours, (windows, 64, 64): -100, or 0."""
    regions = torch.zeros(1, *sides, 1, device=device)
    cuts = (slice(-WINDOW), slice(-WINDOW, -_SHIFT), slice(-_SHIFT, None))
    for number, (z, y, x) in enumerate(product(cuts, repeat=3)):
        regions[:, z, y, x] = number
    region = windows_of(regions)[..., 0]
    return (region[:, None] != region[:, :, None]) * _APART


def _relative_places() -> Tensor:
    """Return for each pair of a window's voxels its row in the bias table, (64, 64)."""
    axis = torch.arange(WINDOW)
    places = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij")).flatten(1)
    apart = places[:, :, None] - places[:, None, :] + WINDOW - 1
    side = 2 * WINDOW - 1
    return apart[0] * side**2 + apart[1] * side + apart[2]


def _channels_first(tokens: Tensor) -> Tensor:
    return tokens.permute(0, 4, 1, 2, 3).contiguous()
