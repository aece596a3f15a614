from __future__ import annotations

import numpy as np
import pytest
import torch
from every_method import plan_of
from made_scans import method_of
from torch import Tensor

from napari_medssl.models.draws import draws
from napari_medssl.pretrain.images.prepared import PreparedImage
from napari_medssl.pretrain.views import by_method
from napari_medssl.pretrain.views.by_method import VIEWS, Step, ViewPlan, view, view_plans
from napari_medssl.pretrain.views.changes import mirrored, scaled, turned

RISING = PreparedImage(
    "rising",
    np.broadcast_to(np.linspace(0, 1, 40, dtype=np.float16), (1, 40, 40, 40)),
    (1.0, 1.0, 1.0),
)
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


@pytest.mark.parametrize("method", ["dino", "simsiam"])
def test_a_view_may_be_smaller_than_its_crop(method):
    seen = view(RAMP, VIEWS[method][-1], draws(0, "views"), (8, 8))
    assert seen.shape == (1, 8, 8)


def test_left_and_right_are_exchanged_and_slices_turned_however_the_crop_lies():
    mirror, turn = (ViewPlan((Step(change, 1.0),)) for change in (mirrored, turned))
    solid, flat = torch.rand(1, 6, 6, 5), torch.rand(1, 6, 6)  # x first, as RAS has it
    for crop, upright, plane in ((solid, (2, 1, 0), (2, 1)), (flat, (1, 0), (2, 1))):
        seen = view(crop, mirror, draws(0, "views"), None, upright)
        assert torch.equal(seen, crop.flip(1))
        quarters = view(crop, turn, draws(0, "views"), None, upright)
        assert any(torch.equal(quarters, crop.rot90(k, plane)) for k in (1, 2, 3))


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


@pytest.mark.parametrize("method", VIEWS)
def test_mirroring_can_be_left_out_and_nothing_else(method):
    there, left = view_plans(method), view_plans(method, mirror=False)
    for one, other in zip(there, left, strict=True):
        assert other.steps == tuple(step for step in one.steps if step.change is not mirrored)
        assert other.part == one.part


@pytest.mark.parametrize("method", ["simsiam", "barlow", "byol", "dino", "simmim", "medsass"])
def test_without_mirroring_no_crop_of_a_method_is_mirrored(method, monkeypatch):
    """All that views do is mirroring here, so that a mirrored crop is told from its own."""
    monkeypatch.setattr(by_method, "VIEWS", {n: _only_mirrored(p) for n, p in VIEWS.items()})
    for mirror, wanted in ((True, {False, True}), (False, {False})):
        settings = {**plan_of(method).settings, "mirror": mirror}
        seen = set()
        for item in range(12):
            made = method_of(plan_of(method, settings=settings))
            batch = made.sample([RISING], 0, draws(0, "sample", 0, item))
            crops = batch["large"] if "large" in batch else batch.get("first", batch.get("image"))
            line = crops.reshape(-1, crops.shape[-1])[0]
            seen.add(bool(line[0] > line[-1]))
        assert seen == wanted


def _only_mirrored(plans):
    return tuple(
        ViewPlan(tuple(step for step in plan.steps if step.change is mirrored)) for plan in plans
    )
