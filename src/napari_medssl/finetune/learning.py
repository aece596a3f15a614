"""Which weights of a promptable network are learned, and in what state the others are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_medssl.models.draws import draws
from napari_medssl.models.lora import add_lora, merge_lora

if TYPE_CHECKING:
    from napari_medssl.finetune.plan import SamPlan


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
