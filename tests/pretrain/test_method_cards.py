from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.models.networks import network_card
from napari_medssl.pretrain.cards import method_card, method_cards
from napari_medssl.pretrain.plan import PretrainPlan
from napari_medssl.volume.presets import preparation

CARDS = sorted(method_cards())


@pytest.mark.parametrize("name", CARDS)
def test_a_card_s_networks_and_fields_are_there(name: str):
    card = method_cards()[name]
    own = {*PretrainPlan.__dataclass_fields__, "part_of_image"}
    for scale in (card.paper, card.here):
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
    assert not card.paper.why


def test_an_unknown_method_is_refused_with_all_there_are():
    with pytest.raises(UsageError, match=r"the method 'guessing'; expected one of .*barlow"):
        method_card("guessing")


def test_a_number_of_dimensions_that_it_has_not_is_refused():
    with pytest.raises(UsageError, match="3-D"):
        method_card("mae").require_network("medsass_vit_s", 3)


def test_a_crop_that_is_not_known_is_left_to_the_images():
    assert "crop" not in method_card("barlow").paper.fields(3)
    assert method_card("barlow").paper.fields(2)["crop"] == (256, 256)
