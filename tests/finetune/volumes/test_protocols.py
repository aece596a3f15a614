from __future__ import annotations

from dataclasses import replace

import pytest
from bright_cases import PLAN

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.protocols import (
    PROTOCOLS,
    offered_protocols,
    require_judges,
    require_protocol,
    require_teaching,
    under,
)
from napari_medssl.models.networks import network_cards


@pytest.mark.parametrize(
    ("name", "network", "begins", "words"),
    [
        ("theirs", None, True, "one of ours, decoder, btunet, smit, simsiam, mri, kidney, med"),
        ("kidney", "unet_small", True, "with the network 'unet_small'; expected the network kid"),
        ("kidney", None, True, "chosen by the images"),
        ("smit", "swin_unetr", True, "expected the network smit or smit_12"),
        ("decoder", "unet_small", False, "'decoder' from scratch"),
        ("medsass-literal", "medsass_vit_s", False, "'medsass-literal' from scratch"),
        ("medsass-decoder", "medsass_vit_s", False, "'medsass-decoder' from scratch"),
    ],
)
def test_what_makes_no_sense_is_refused(name, network, begins, words):
    with pytest.raises(UsageError, match=words):
        require_protocol(name, network=network, begins_with_weights=begins)


def test_what_makes_sense_is_not():
    for name, one in PROTOCOLS.items():
        for network in one.networks or ("unet",):
            assert network in network_cards()
            require_protocol(name, network=network, begins_with_weights=True)
    require_protocol("kidney", network="kidney_dense", begins_with_weights=False)


def test_where_nothing_learns_somebody_must_judge():
    with pytest.raises(UsageError, match="no case to judge by"):
        require_judges("medsass-literal", False)
    require_judges("medsass-literal", True)
    require_judges("medsass-decoder", False)


def test_in_a_project_something_must_learn():
    with pytest.raises(
        UsageError, match="nothing learns; expected one of ours, decoder, medsass-d"
    ):
        require_teaching("medsass-literal", "medsass_vit_s")
    with pytest.raises(UsageError, match="'decoder' from scratch"):
        require_teaching("decoder", None)
    require_teaching("medsass-full", "medsass_vit_s")


def test_a_plan_says_what_it_follows_and_what_is_not_printed():
    assert under(PLAN, "ours") == PLAN
    for name, one in PROTOCOLS.items():
        if name != "ours":
            plan = under(PLAN, name)
            assert plan.protocol == name
            told = [text for text in (one.about, one.unprinted) if text]
            assert plan.reasons[len(PLAN.reasons) :][: len(told)] == tuple(told)


def test_a_plan_takes_the_numbers_that_are_printed():
    plan = under(replace(PLAN, batch=12, encoder_rate=0.3), "btunet")
    assert (plan.rate, plan.decay, plan.batch, plan.encoder_rate) == (1e-3, 0.0, 8, 1.0)
    plan = under(replace(PLAN, batch=2), "btunet")
    assert plan.batch == 2
    assert plan.reasons[-1] == "The paper takes 8 crops a step; this machine bears 2."
    plan = under(PLAN, "decoder")
    assert (plan.rate, plan.decay, plan.batch) == (PLAN.rate, PLAN.decay, PLAN.batch)
    assert under(PLAN, "medsass-literal").steps == 1


def test_only_what_suits_the_weights_is_offered():
    assert list(offered_protocols(None)) == ["ours"]
    assert list(offered_protocols("unet_small")) == ["ours", "decoder"]
    assert list(offered_protocols("smit")) == ["ours", "decoder", "smit"]
    medsass = offered_protocols("medsass_vit_s")
    assert list(medsass) == ["ours", "decoder", "medsass-decoder", "medsass-full"]
