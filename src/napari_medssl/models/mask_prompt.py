"""The outline that a further click corrects, shown to a network as a prompt.

Published networks were trained to get their own logits back. Weights for points are shown signs
instead, 1 inside and -1 outside: an outline means the same whoever drew it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn


def mask_prompt(masks: Tensor) -> Tensor:
    """Return masks as a prompt encoder wants them.

    Parameters
    ----------
    masks : (b, rows, columns) bool tensor
        On the grid of the decoder.

    Returns
    -------
    (b, 1, rows, columns) float32 tensor
    """
    return masks[:, None].float() * 2 - 1


@torch.no_grad()
def begin_without_masks(network: nn.Module) -> None:
    """Let every mask mean what no mask means, until something else is learned."""
    encoder: Any = network.get_submodule("prompt_encoder")
    last = encoder.mask_downscaling[-1]
    last.weight.zero_()
    last.bias.copy_(encoder.no_mask_embed.weight[0])
