from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.models.machine import Machine
from napari_medssl.models.networks import network_card
from napari_medssl.pretrain.cards import method_card, method_cards
from napari_medssl.pretrain.plan import PretrainPlan
from napari_medssl.volume.presets import preparation

CARDS = sorted(method_cards())


@pytest.mark.parametrize("name", CARDS)
def test_a_card_s_networks_and_fields_are_there(name: str):
    card = method_cards()[name]
    own = {*PretrainPlan.__dataclass_fields__, "part_of_image", "whole", "to_foreground"}
    gpu = Machine("cuda:0")
    for scale in (card.paper, card.here, card.here.on(gpu)):
        for dims, network in scale.network.items():
            card.require_network(network, dims)
            fields = scale.fields(dims)
            assert set(fields) <= own
            assert len(fields.get("crop", (0,) * dims)) == dims
            if "preparation" in fields:
                assert preparation(fields["preparation"])
    for network in card.networks:
        assert network_card(network)
    assert bool(card.why_not) == bool(card.networks)
    assert card.about.endswith(".")
    assert card.source
    assert card.learns in ("encoder", "encoder and decoder")


@pytest.mark.parametrize("name", CARDS)
def test_a_paper_s_scale_says_how_long(name: str):
    assert method_cards()[name].paper.plan["steps"] > 0


@pytest.mark.parametrize("name", ["byol", "contrastive", "dino", "smit"])
def test_a_recipe_that_is_not_the_paper_s_says_why(name: str):
    card = method_cards()[name]
    assert card.here.plan["settings"]["norms"]
    assert "norms" not in card.paper.plan.get("settings", {})
    assert card.here.why.startswith("Unlike the paper")


def test_a_paper_s_recipe_that_is_not_as_printed_says_what_is_not():
    """Rates that are not printed, what is asked of images kept aside, and what its code does."""
    said = {name: card.paper.why for name, card in method_cards().items()}
    assert {name for name, why in said.items() if not why} == {"barlow", "swin-unetr"}
    assert all(why.startswith("Not as ") for why in said.values() if why)
    for name in ("byol", "dino", "mae", "simmim", "medsass"):
        assert "no run ends early" in said[name]
    for name in ("kidney-side", "regression"):
        assert "the loss that is learned from" in said[name]
        assert method_cards()[name].paper.plan["plateau"]


def test_slopes_are_shortened_only_where_a_paper_says_so():
    plans = {name: card.paper.plan for name, card in method_cards().items()}
    assert [name for name, plan in plans.items() if plan.get("clip", 3.0)] == ["dino"]
    assert (plans["dino"]["decay"], plans["dino"]["last_decay"]) == (0.04, 0.4)
    assert plans["barlow"]["settings"]["decays"] == "projection"


def test_an_unknown_method_is_refused_with_all_there_are():
    with pytest.raises(UsageError, match=r"the method 'guessing'; expected one of .*barlow"):
        method_card("guessing")


def test_a_number_of_dimensions_that_it_has_not_is_refused():
    with pytest.raises(UsageError, match="3-D"):
        method_card("mae").require_network("medsass_vit_s", 3)


def test_a_crop_that_is_not_known_is_left_to_the_images():
    solid, flat = (method_card("barlow").paper.fields(dims) for dims in (3, 2))
    assert "crop" not in solid
    assert "preparation" not in solid
    assert (flat["crop"], flat["preparation"]) == ((256, 256), "picture_unit")


def test_a_gpu_has_the_means_for_the_released_smit():
    here = method_card("smit").here
    small, large = here.on(Machine("cpu")).fields(3), here.on(Machine("cuda:0")).fields(3)
    assert small["arguments"]["feature_size"] < large["arguments"]["feature_size"] == 48
    assert large["crop"] == (96, 96, 96)
    assert small["batch"] == large["batch"]
