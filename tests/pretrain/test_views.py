from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_medssl.models.draws import draws
from napari_medssl.pretrain.changes import mirrored, scaled, turned
from napari_medssl.pretrain.views import VIEWS, Step, ViewPlan, view

RAMP = torch.linspace(0, 1, 24 * 24).reshape(1, 24, 24)


def views(crop: Tensor, method: str, item: int = 0) -> list[Tensor]:
    """All of a method's views of a crop, one after the other from one item's numbers."""
    random = draws(0, "views", 0, item)
    return [view(crop, plan, random) for plan in VIEWS[method]]


@pytest.mark.parametrize("method", VIEWS)
@pytest.mark.parametrize("sides", [(24, 24), (16, 16, 16)])
def test_every_preset_makes_its_views_again_alike(method, sides):
    crop = torch.rand(1, *sides)
    before = crop.clone()
    for one, other in zip(views(crop, method), views(crop, method), strict=True):
        assert torch.equal(one, other)
        assert one.isfinite().all()
        assert one.is_contiguous()
        assert one.shape == crop.shape
    assert torch.equal(crop, before)


@pytest.mark.parametrize("method", ["dino", "simsiam", "smit"])
def test_a_view_may_be_smaller_than_its_crop(method):
    seen = view(RAMP, VIEWS[method][-1], draws(0, "views"), (8, 8))
    assert seen.shape == (1, 8, 8)


def test_views_of_one_crop_differ():
    one, other = views(RAMP, "simsiam")
    assert not torch.equal(one, other)


def test_steps_happen_as_often_as_they_say_and_in_their_order():
    plan = ViewPlan((Step(scaled, 0.75, 2, 2), Step(scaled, 0.25, 3, 3)))
    one = torch.ones(1, 2, 2)
    factors = [view(one, plan, np.random.default_rng(n))[0, 0, 0].item() for n in range(2000)]
    often = {f: factors.count(f) / 2000 for f in (1.0, 2.0, 3.0, 6.0)}
    assert often == pytest.approx({1: 3 / 16, 2: 9 / 16, 3: 1 / 16, 6: 3 / 16}, abs=0.03)


def test_intensity_alone_keeps_regions_in_their_place():
    """Local contrast compares the same place of both views."""
    order = [v.flatten().argsort() for v in views(RAMP, "contrastive-local")]
    assert torch.equal(order[0], order[1])


@pytest.mark.parametrize("method", ["kidney-side", "smit", "swin-unetr", "regression"])
def test_methods_whose_task_a_mirror_would_spoil_see_the_crop_as_it_is(method):
    """Mirrored, a left kidney is a right one."""
    for item in range(10):
        for seen in views(RAMP, method, item):
            assert torch.equal(seen, RAMP)


def test_mirrors_can_be_taken_out_of_a_plan():
    plan = VIEWS["simsiam"][0].without(mirrored, turned)
    changes = [step.change for step in plan.steps]
    assert mirrored not in changes
    assert turned not in changes
    assert len(changes) == len(VIEWS["simsiam"][0].steps) - 2
