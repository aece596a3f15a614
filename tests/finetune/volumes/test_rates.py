from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from bright_cases import plan_with

from napari_medssl.finetune.volumes.protocols import PROTOCOLS
from napari_medssl.finetune.volumes.rates import Rates


@pytest.mark.parametrize("name", ["btunet", "mri", "kidney"])
def test_it_lowers_where_torch_would(name):
    """Torch counts one look less before it lowers, and here a gain counts in loss, not in parts."""
    schedule = PROTOCOLS[name].schedule
    plan = plan_with(protocol=name, rate=1e-3, steps=200)
    rates, weight = Rates(plan), torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.SGD([weight], lr=1e-3)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser,
        factor=schedule.factor,
        patience=schedule.patience - 1,
        threshold=1e-4,
        threshold_mode="abs",
    )
    losses = np.exp(-np.arange(120) / 20) + np.random.default_rng(0).normal(0, 0.05, 120)
    for step, loss in enumerate(losses):
        assert rates.at(step) == pytest.approx(optimiser.param_groups[0]["lr"])
        theirs.step(loss)
        if rates.is_flat(float(loss)):
            rates.lower()
    assert rates.at(0) < 1e-3


def test_where_nothing_is_held_out_the_mean_of_the_training_losses_counts(monkeypatch):
    impatient = replace(PROTOCOLS["mri"].schedule, patience=1)
    monkeypatch.setitem(PROTOCOLS, "mri", replace(PROTOCOLS["mri"], schedule=impatient))
    rates = Rates(plan_with(protocol="mri"))
    found = []
    for losses in ([3.0, 1.0], [1.5, 1.5], [1.9, 1.9], [1.4]):  # means 2, 1.5, 1.9, 1.4
        for loss in losses:
            rates.told(loss)
        found.append(rates.is_flat(None))
    assert found == [False, False, True, False]


def test_a_schedule_that_counts_steps_remembers_nothing():
    plan = plan_with(protocol="smit")
    rates = Rates(plan)
    rates.told(1.0)
    assert not rates.state
    assert not rates.looks_after(6)
    assert not rates.is_flat(1.0)
    assert [rates.at(step) for step in range(3)] == [plan.rate_at(step) for step in range(3)]


def test_only_some_look_at_held_out_cases():
    watching = {name for name in PROTOCOLS if Rates(plan_with(protocol=name)).watches_held_out}
    assert watching == {"mri", "kidney"}
