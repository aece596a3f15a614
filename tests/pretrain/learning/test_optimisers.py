from __future__ import annotations

import numpy as np
import pytest
import torch
from made_scans import method_of, plan_for
from torch import nn

from napari_medssl.pretrain.learning.optimisers import Lars, optimiser_for, set_decays, set_rates


def slow_lars(weights, slopes, rate, decay, momentum=0.9, trust=1e-3):
    """Layer-wise steps by loops, float64; a decay of None takes plain steps."""
    moved = np.zeros_like(weights)
    for slope in slopes:
        step = slope.copy()
        if decay is not None:
            step = slope + decay * weights
            length, steep = np.sqrt((weights**2).sum()), np.sqrt((step**2).sum())
            step = step * trust * length / steep
        moved = momentum * moved + step
        weights = weights - rate * moved
    return weights


@pytest.mark.parametrize("decay", [None, 0.01])
def test_lars_is_what_a_slow_version_is(decay):
    random = np.random.default_rng(0)
    start, slopes = random.normal(size=(3, 4)), random.normal(size=(5, 3, 4))
    weight = nn.Parameter(torch.tensor(start))
    optimiser = Lars([{"params": [weight], "weight_decay": decay or 0.0}], lr=0.3)
    for slope in slopes:
        weight.grad = torch.tensor(slope)
        optimiser.step()
    np.testing.assert_allclose(weight.detach().numpy(), slow_lars(start, slopes, 0.3, decay))


def test_lars_leaves_what_has_no_gradient_and_moves_weights_of_zero():
    still, zero = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.zeros(2, 2))
    optimiser = Lars([{"params": [still, zero], "weight_decay": 0.1}], lr=1.0)
    zero.grad = torch.ones(2, 2)
    optimiser.step()
    assert torch.equal(still.detach(), torch.ones(2, 2))
    assert torch.equal(zero.detach(), -torch.ones(2, 2))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adamw", torch.optim.AdamW),
        ("adam", torch.optim.Adam),
        ("sgd", torch.optim.SGD),
        ("lars", Lars),
    ],
)
def test_a_plan_s_optimiser_has_all_that_learns(name, kind):
    plan = plan_for("barlow", optimiser=name, decay=0.1, settings={"betas": [0.8, 0.9]})
    method = method_of(plan)
    method.freeze_the_rest()
    optimiser = optimiser_for(method, plan)
    assert isinstance(optimiser, kind)
    held = {id(p) for group in optimiser.param_groups for p in group["params"]}
    assert held == {id(p) for p in method.parameters() if p.requires_grad}
    assert {group["weight_decay"] for group in optimiser.param_groups} == {0.1, 0.0}
    if name in ("adamw", "adam"):
        assert optimiser.param_groups[0]["betas"] == (0.8, 0.9)


def test_rates_are_shared_and_held():
    one, other = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    groups = [{"params": [one], "scale": 0.5}, {"params": [other], "scale": 1.0, "held_rate": 0.7}]
    optimiser = torch.optim.SGD(groups, lr=1.0)
    set_rates(optimiser, 0.1)
    assert [group["lr"] for group in optimiser.param_groups] == [0.05, 0.7]


def test_decays_are_shared():
    one, other = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    groups = [{"params": [one], "decay": 0.0}, {"params": [other], "decay": 1.0}]
    optimiser = torch.optim.SGD(groups, lr=1.0)
    set_decays(optimiser, 0.4)
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.0, 0.4]
