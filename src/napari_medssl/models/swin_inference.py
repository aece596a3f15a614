"""MONAI's Swin stage for inference: nothing is computed twice, attention maps never written down.

MONAI makes the mask of a shifted window anew in every pass and adds it, for every window, to an
attention map that it keeps whole. Most windows have no mask; those at the far edges share a few. So
here windows of one mask are put side by side by a single gather that also pads and shifts, and
attention is computed by torch's fused kernel, a mask at a time.
Source: Liu 2021 (Swin), section 3.2, for what is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from monai.networks.nets.swin_unetr import SwinTransformerBlock, get_window_size
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: what MONAI adds to the attention between voxels that only the shift made neighbours
_APART = np.float32(-100)

Sides = tuple[int, ...]


class QuickStage(nn.Module):
    """A stage: its blocks on one grid, and what makes the grid coarser."""

    def __init__(self, stage: Any) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(QuickBlock(block) for block in stage.blocks)
        self.downsample = stage.downsample

    @staticmethod
    def fits(stage: Any) -> bool:
        """Tell whether a stage is made of plain Swin blocks only."""
        return all(type(block) is SwinTransformerBlock for block in stage.blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, channels out, *sides), whose channels lie last in memory."""
        tokens = x.movedim(1, -1).contiguous()
        for block in self.blocks:
            tokens = block(tokens)
        if self.downsample is not None:
            tokens = self.downsample(tokens)
        return tokens.movedim(-1, 1)


class QuickBlock(nn.Module):
    """Attention in windows, then a perceptron; each is added to what came in."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.norm1, self.norm2, self.mlp = block.norm1, block.norm2, block.mlp
        self.attention = block.attn
        self.window, self.shift = tuple(block.window_size), tuple(block.shift_size)
        self._biases: dict[int, Tensor] = {}

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the same shape, (batch, *sides, channels)."""
        tokens = tokens + self._attended(self.norm1(tokens))
        tokens += self.mlp(self.norm2(tokens))
        return tokens

    def _attended(self, tokens: Tensor) -> Tensor:
        batch, *_, channels = tokens.shape
        sides = tuple(tokens.shape[1:-1])
        window, shift = get_window_size(sides, self.window, self.shift)  # type: ignore[no-untyped-call]
        order = window_order(sides, window, shift)
        flat = tokens.reshape(batch, -1, channels)
        if order.padded:
            flat = functional.pad(flat, (0, 0, 0, 1))  # the row that every padded voxel is
        windows = flat.index_select(1, order.gather)
        qkv = self.attention.qkv(windows)
        seen = self._heads_look(qkv.view(batch, -1, order.inside, 3 * channels), order)
        back = self.attention.proj(seen).index_select(1, order.scatter)
        out: Tensor = back.view(tokens.shape)
        return out

    def _heads_look(self, qkv: Tensor, order: WindowOrder) -> Tensor:
        """Attend within windows, (batch, windows, inside, 3 * channels); all in a row come out."""
        batch, count, inside, tripled = qkv.shape
        heads = self.attention.num_heads
        split = qkv.view(batch, count, inside, 3, heads, tripled // (3 * heads))
        bias, seen, first = self._bias_of(inside), [], 0
        for apart, size in zip(order.apart, order.sizes, strict=True):
            alike = split[:, first : first + size].flatten(0, 1).permute(2, 0, 3, 1, 4)
            queries, keys, values = alike
            looked = functional.scaled_dot_product_attention(
                queries, keys, values, attn_mask=bias + apart, scale=self.attention.scale
            )
            seen.append(looked.transpose(1, 2).reshape(batch, size * inside, tripled // 3))
            first += size
        return seen[0] if len(seen) == 1 else torch.cat(seen, dim=1)

    def _bias_of(self, inside: int) -> Tensor:
        """Return what each relative place adds to the attention, (1, heads, inside, inside)."""
        if inside not in self._biases:
            places = self.attention.relative_position_index[:inside, :inside]
            bias = self.attention.relative_position_bias_table[places].permute(2, 0, 1)[None]
            self._biases[inside] = bias.contiguous()
        return self._biases[inside]


@dataclass(frozen=True, eq=False)
class WindowOrder:
    """How a grid's tokens are laid out as windows, those of one mask side by side.

    Parameters
    ----------
    sides : tuple of int
        The grid.
    inside : int
        Tokens of a window.
    gather : (windows * inside,) tensor
        Which token of the grid stands where; one past the last for padding.
    scatter : (tokens,) tensor
        Where each token of the grid stands.
    sizes : tuple of int
        How many windows there are of each kind.
    apart : tuple of (inside, inside) tensor
        Of each kind: 0, or -100 between tokens that only the shift made neighbours.
    padded : bool
        Whether there is padding.
    """

    sides: Sides
    inside: int
    gather: Tensor
    scatter: Tensor
    sizes: tuple[int, ...]
    apart: tuple[Tensor, ...]
    padded: bool


@lru_cache(maxsize=32)
def window_order(sides: Sides, window: Sides, shift: Sides) -> WindowOrder:
    """Lay out a grid: pad to whole windows, shift, cut, and sort by mask."""
    tokens = int(np.prod(sides))
    behind = [(0, -side % step) for side, step in zip(sides, window, strict=True)]
    grid = np.pad(np.arange(tokens).reshape(sides), behind, constant_values=tokens)
    grid = np.roll(grid, [-step for step in shift], range(len(sides)))
    parts = _cut(grid, window)
    kinds, kind = np.unique(
        _cut(_regions(grid.shape, window, shift), window), axis=0, return_inverse=True
    )
    parts = parts[np.argsort(kind.ravel(), kind="stable")]
    gather = parts.ravel()
    scatter = np.empty(tokens + 1, np.int64)
    scatter[gather] = np.arange(gather.size)
    return WindowOrder(
        sides=sides,
        inside=parts.shape[1],
        gather=torch.from_numpy(np.ascontiguousarray(gather)),
        scatter=torch.from_numpy(scatter[:tokens].copy()),
        sizes=tuple(np.bincount(kind.ravel()).tolist()),
        apart=tuple(
            torch.from_numpy(np.where(row[None] != row[:, None], _APART, np.float32(0)))
            for row in kinds
        ),
        padded=gather.size > tokens,
    )


def _regions(sides: Sides, window: Sides, shift: Sides) -> NDArray[np.int64]:
    """Number the parts of a shifted grid that were neighbours before the shift."""
    regions = np.zeros(sides, np.int64)
    for axis, (side, step, moved) in enumerate(zip(sides, window, shift, strict=True)):
        along = np.arange(side)
        part = (
            (along >= side - step).astype(np.int64) + (along >= side - moved)
            if moved
            else along * 0
        )
        regions = regions * 3 + part.reshape([-1 if a == axis else 1 for a in range(len(sides))])
    return regions


def _cut(grid: NDArray[np.int64], window: Sides) -> NDArray[np.int64]:
    """Cut a grid into windows, (windows, tokens of a window)."""
    split = [n for side, step in zip(grid.shape, window, strict=True) for n in (side // step, step)]
    outer, inner = range(0, len(split), 2), range(1, len(split), 2)
    cut: NDArray[np.int64] = grid.reshape(split).transpose(*outer, *inner)
    return cut.reshape(-1, int(np.prod(window)))
