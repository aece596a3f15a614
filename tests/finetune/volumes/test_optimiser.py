from __future__ import annotations

import torch
from bright_cases import plan_with
from test_recipe import network_of

from napari_medssl.finetune.volumes.optimiser import optimiser_for

CHANGES = {"network": "unet_literal", "arguments": {"widths": (4, 8)}, "decay": 0.1}


def test_each_protocol_has_its_own_kind():
    network = network_of(plan_with(**CHANGES))
    for name, kind in (("ours", torch.optim.AdamW), ("kidney", torch.optim.Adam)):
        assert type(optimiser_for(network, plan_with(**CHANGES, protocol=name))) is kind


def test_the_encoder_may_learn_more_slowly():
    plan = plan_with(**CHANGES, encoder_rate=0.3)
    network = network_of(plan)
    encoder, decoder = optimiser_for(network, plan).param_groups
    assert (encoder["scale"], decoder["scale"]) == (0.3, 1.0)
    assert sum(p.numel() for p in encoder["params"]) == sum(
        p.numel() for _, p in network.encoder_parameters()
    )


def test_under_the_thesis_biases_and_norms_do_not_decay_and_all_learn():
    plan = plan_with(**CHANGES, protocol="simsiam")
    network = network_of(plan)
    groups = optimiser_for(network, plan).param_groups
    decays = {p: group["weight_decay"] for group in groups for p in group["params"]}
    assert len(decays) == len(list(network.parameters()))
    for name, parameter in network.named_parameters():
        assert decays[parameter] == (0.1 if parameter.dim() > 1 else 0.0), name
