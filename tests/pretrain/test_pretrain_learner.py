from __future__ import annotations

import pytest
import torch
from every_method import plan_of
from made_scans import method_of, prepared

from napari_medssl.errors import MedSSLError
from napari_medssl.pretrain.learner import Learner


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
