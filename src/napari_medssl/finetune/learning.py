"""Which weights of a promptable network are learned, and in what state the others are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from napari_medssl.models.draws import draws
from napari_medssl.models.lora import add_lora, merge_lora

if TYPE_CHECKING:
    from napari_medssl.finetune.plan import SamPlan

#: how far apart masks that begin alike are set, in standard deviations of the first's token
_SPREAD = 0.1


def begin_learning(network: nn.Module, plan: SamPlan) -> dict[str, nn.Parameter]:
    """Make a network ready to learn what the plan says.

    Batch normalisation keeps the statistics it has: those of a batch of a few pictures are none.

    Returns
    -------
    dict of str to parameter
        What is learned, by name.
    """
    network.requires_grad_(plan.mode == "everything")
    if plan.mode == "lora":
        generator = torch.Generator().manual_seed(int(draws(plan.seed, "lora").integers(2**31)))
        for parameter in add_lora(network.get_submodule("image_encoder"), plan.rank, generator):
            parameter.requires_grad_(True)
    if plan.mode == "points":
        network.get_submodule("prompt_encoder").requires_grad_(True)
    network.get_submodule("mask_decoder").requires_grad_(True)
    network.train()
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    return {name: p for name, p in network.named_parameters() if p.requires_grad}


def end_learning(network: nn.Module) -> None:
    """Bring a network back to its published tensors, ready to be used."""
    merge_lora(network.get_submodule("image_encoder"))
    network.requires_grad_(False)
    network.eval()


@torch.no_grad()
def spread_first_mask(network: nn.Module, seed: int) -> None:
    """Let a decoder's masks for a lone point begin as its one mask for clear prompts, and differ.

    A network that was trained on boxes alone has never used the others.
    """
    decoder: Any = network.get_submodule("mask_decoder")
    tokens, last = decoder.mask_tokens.weight, decoder.iou_prediction_head.layers[-1]
    chance = draws(seed, "masks").standard_normal(tuple(tokens[1:].shape)).astype("float32")
    tokens[1:] = tokens[0] + _SPREAD * tokens[0].std() * tokens.new_tensor(chance)
    last.weight[1:], last.bias[1:] = last.weight[0].clone(), last.bias[0].clone()
    first, *others = decoder.output_hypernetworks_mlps
    for other in others:
        other.load_state_dict(first.state_dict())


@torch.no_grad()
def begin_without_masks(network: nn.Module) -> None:
    """Let every outline that is shown mean what none means, until something else is learned."""
    encoder: Any = network.get_submodule("prompt_encoder")
    last = encoder.mask_downscaling[-1]
    last.weight.zero_()
    last.bias.copy_(encoder.no_mask_embed.weight[0])
