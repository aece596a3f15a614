from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import learned, loss_of, method_of, plan_for, prepared, resumed_alike

from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.learning.learner import Learner

PLAN = plan_for("regression")


@pytest.mark.parametrize("killed_at", [1, 4])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_it_learns_to_fill_in(tmp_path: Path):
    shown = {}
    plan = plan_for("regression", steps=40, rate=1e-2)
    method, _ = learned(plan, tmp_path, show=lambda step, those: shown.update({step: those}))
    assert loss_of(method) < loss_of(method_of(plan)) / 2
    assert set(shown[40]) == {"image", "shown", "foretold"}
    assert len(shown) == 10


def test_a_tenth_is_replaced_and_the_loss_is_there_alone():
    method = method_of(PLAN)
    batch = Samples(prepared(), method).at(0)
    assert torch.equal(batch["where"].flatten(1).sum(1), torch.full((4,), 51))
    changed = (batch["image"] != batch["replaced"]).any(1)
    assert not (changed & ~batch["where"].bool()).any()
    filled = method.network(batch["replaced"]).detach()
    by_hand = [
        abs(float(filled[n, 0][place] - batch["image"][n, 0][place]))
        for n in range(4)
        for place in map(tuple, batch["where"][n].nonzero().tolist())
    ]
    method.train()
    loss = method(batch, 0)["filling"].item()
    assert loss == pytest.approx(sum(by_hand) / len(by_hand), 1e-4)


def test_in_parts_a_batch_has_the_same_gradient():
    slopes = []
    for parts in (1, 2, 4):
        plan = plan_for("regression", accumulate=parts)
        method = method_of(plan)
        with Learner(method, prepared()) as learner:
            learner.step(0)
        slopes.append([p.grad.clone() for p in method.parameters()])
    for others in slopes[1:]:
        for one, other in zip(slopes[0], others, strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)


def test_the_whole_network_learns():
    method = method_of(PLAN)
    method.freeze_the_rest()
    assert all(p.requires_grad for p in method.network.parameters())
