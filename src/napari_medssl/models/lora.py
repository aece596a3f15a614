"""LoRA: weights of a frozen attention layer, and a small matrix of low rank that is learned.

The small matrices change the layer's own weight instead of running beside it, so merging them
changes nothing, bit for bit, and the merged network has the tensors of the published one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

if TYPE_CHECKING:
    from collections.abc import Sequence


class LowRank(nn.Module):
    """Adds a product of two thin matrices to some rows of a weight.

    Parameters
    ----------
    weight : (out, in) tensor
        What is added to; only its shape and device matter.
    parts : sequence of (k,) integer tensors
        Rows, one set for each product.
    rank : int
        Columns of one thin matrix and rows of the other.
    generator : torch.Generator
        Draws the first values of one of them; the other begins at 0, and so changes nothing.

    References
    ----------
    Hu et al., LoRA, 2021, section 4.1; the scale alpha / r is 1.
    """

    def __init__(
        self, weight: Tensor, parts: Sequence[Tensor], rank: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._rows = [part.to(weight.device) for part in parts]
        width = weight.shape[1]
        drawn = [torch.randn(rank, width, generator=generator) * width**-0.5 for _ in parts]
        self.down = nn.ParameterList(d.to(weight) for d in drawn)
        self.up = nn.ParameterList(weight.new_zeros(len(part), rank) for part in parts)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight, (out, in), with the products added."""
        for rows, down, up in zip(self._rows, self.down, self.up, strict=True):
            weight = weight.index_add(0, rows, up @ down)
        return weight


def add_lora(encoder: nn.Module, rank: int, generator: torch.Generator) -> list[nn.Parameter]:
    """Put LoRA on the queries and values of every attention layer of an image encoder.

    Parameters
    ----------
    encoder : torch module
        SAM's ViT or TinyViT; all else in it is frozen.
    rank : int
        At least 1.
    generator : torch.Generator
        On the processor.

    Returns
    -------
    list of parameters
        What is to be learned.
    """
    encoder.requires_grad_(False)
    learned: list[nn.Parameter] = []
    for attention in _attentions(encoder):
        weight = attention.qkv.weight
        added = LowRank(weight, query_and_value_rows(attention), rank, generator)
        parametrize.register_parametrization(attention.qkv, "weight", added)
        learned += added.parameters()
    return learned


def merge_lora(encoder: nn.Module) -> None:
    """Make what LoRA added a part of the weights, under their published names."""
    for attention in _attentions(encoder):
        if parametrize.is_parametrized(attention.qkv, "weight"):
            parametrize.remove_parametrizations(attention.qkv, "weight")


def query_and_value_rows(attention: Any) -> tuple[Tensor, Tensor]:
    """Tell which outputs of a layer that gives queries, keys and values are queries and values.

    A ViT gives all queries, all keys, all values; TinyViT those of one head after another.
    """
    outputs = torch.arange(attention.qkv.out_features)
    if not hasattr(attention, "key_dim"):
        queries, _, values = outputs.chunk(3)
        return queries, values
    by_head = outputs.view(attention.num_heads, -1)
    d = attention.key_dim
    return by_head[:, :d].flatten(), by_head[:, 2 * d :].flatten()


def _attentions(encoder: nn.Module) -> list[Any]:
    return [module for module in encoder.modules() if isinstance(_qkv(module), nn.Linear)]


def _qkv(module: nn.Module) -> Any:
    return getattr(module, "qkv", None)
