from __future__ import annotations

import pytest
import torch
from every_method import plan_of
from made_scans import method_of, prepared

from napari_medssl.errors import MedSSLError
from napari_medssl.pretrain.learning.learner import Learner


def after_a_step(method: str, **changes):
    learned = method_of(plan_of(method, **changes))
    with Learner(learned, prepared()) as learner:
        losses = learner.step(0)
    return losses, learned.remembered()


def test_a_centre_is_of_all_parts_of_a_batch():
    """Without norms by the batch the teacher says the same of an image in any part."""
    alone = {**plan_of("dino").settings, "norms": False}
    _, whole = after_a_step("dino", settings=alone)
    for parts in (2, 4):
        _, other = after_a_step("dino", settings=alone, accumulate=parts)
        torch.testing.assert_close(other["centre"], whole["centre"])
    assert whole["centre"].any()


def test_a_loss_that_is_no_number_ends_it_in_a_sentence():
    method = method_of(plan_of("regression"))
    with torch.no_grad():
        next(method.network.parameters()).fill_(float("nan"))
    with (
        pytest.raises(MedSSLError, match="no longer a number at step 0"),
        Learner(method, prepared()) as learner,
    ):
        learner.step(0)


@pytest.mark.parametrize(("clip", "longest"), [(1e-3, 1e-3), (0.0, None)])
def test_slopes_are_as_long_as_the_plan_lets_them_be(clip, longest):
    method = method_of(plan_of("regression", clip=clip))
    with Learner(method, prepared()) as learner:
        learner.step(0)
    slopes = torch.stack([p.grad.norm() for p in method.parameters() if p.grad is not None]).norm()
    if longest:
        assert float(slopes) == pytest.approx(longest, rel=1e-3)
    else:
        assert float(slopes) > 1e-2


def test_weights_decay_as_the_plan_says_at_each_step():
    method = method_of(plan_of("regression", decay=0.1, last_decay=0.3))
    with Learner(method, prepared()) as learner:
        for step in range(3):
            learner.step(step)
            found = {group["weight_decay"] for group in learner.optimiser.param_groups}
            assert max(found) == pytest.approx(method.plan.decay_at(step))
            assert min(found) == 0


def test_on_a_plateau_the_rate_is_halved_and_that_is_remembered(monkeypatch):
    method = method_of(plan_of("regression", plateau=1, steps=99, batch=4))
    images = prepared()
    assert len(images) <= 2 * 4, "an epoch of two steps at most"
    with Learner(method, images) as learner:
        monkeypatch.setattr(learner, "_of_all", lambda told: {"loss": 1.0})
        rates = []
        for step in range(12):
            learner.step(step)
            rates.append(learner.optimiser.param_groups[0]["lr"])
    assert rates[0] == method.plan.rate
    assert rates[-1] < 0.6 * rates[0]
    assert float(method.remembered()["plateau.factor"]) < 1
