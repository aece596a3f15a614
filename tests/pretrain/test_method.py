from __future__ import annotations

import pytest
import torch
from made_scans import method_of, plan_for

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.cards import method_cards

SMALL = ("barlow", "byol", "simsiam", "regression")


@pytest.mark.parametrize("name", SMALL)
def test_a_setting_that_no_method_knows_is_refused_by_name(name: str):
    with pytest.raises(UsageError, match="'no_such'"):
        method_of(plan_for(name, settings={"no_such": 1}))


@pytest.mark.parametrize("name", SMALL)
def test_all_settings_of_the_cards_are_known(name: str):
    for scale in (method_cards()[name].here, method_cards()[name].paper):
        method_of(plan_for(name, settings=scale.plan.get("settings", {})))


def test_a_setting_is_as_given_or_by_itself():
    method = method_of(plan_for("barlow", settings={"width": 12}))
    assert method.setting("width") == 12
    assert method.setting("redundancy") == 5e-3
    assert method.setting("betas") == (0.9, 0.999)


def test_only_what_it_names_learns():
    method = method_of(plan_for("barlow"))
    method.freeze_the_rest()
    learning = {name for name, p in method.network.named_parameters() if p.requires_grad}
    assert learning == {name for name, _ in method.network.encoder_parameters()}
    assert all(p.requires_grad for p in method.projection.parameters())


def test_biases_and_norms_do_not_decay():
    method = method_of(plan_for("barlow"))
    method.freeze_the_rest()
    decaying, still = method.learners()
    assert all(p.ndim > 1 for p in decaying["params"])
    assert all(p.ndim <= 1 for p in still["params"])
    assert (decaying["decay"], still["decay"]) == (1.0, 0.0)


def test_what_a_run_must_remember_is_each_tensor_once():
    method = method_of(plan_for("byol", settings={"hidden": 16, "width": 8}))
    kept = method.remembered()
    assert len({id(t) for t in kept.values()}) == len(kept)
    assert {id(t) for t in method.state_dict(keep_vars=True).values()} <= {
        id(t) for t in kept.values()
    }


def test_a_network_it_does_not_go_with_is_refused():
    with pytest.raises(UsageError, match="the method 'none'"):
        method_of(plan_for("none"))


def test_the_same_seed_makes_the_same_weights():
    one, other = (method_of(plan_for("simsiam", settings={"width": 16})) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
