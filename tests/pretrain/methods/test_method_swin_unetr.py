from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from made_scans import Told, learned, loss_of, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import build_network
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.watching.collapse import collapse_coefficient

PLAN = plan_for("swin-unetr")


@pytest.mark.parametrize("crop", [(8, 8, 8), (8, 16, 8), (8, 8, 16)])
def test_two_turned_views_of_one_shape_whatever_is_drawn(crop: tuple[int, ...]):
    samples = Samples(prepared(), method_of(replace(PLAN, crop=crop)))
    turns = set()
    for step in range(4):
        batch = samples.at(step)
        assert batch["image"].shape == batch["cut"].shape == (4, 2, 1, *crop)
        assert batch["turns"].shape == (4, 2)
        turns |= set(batch["turns"].flatten().tolist())
    assert turns == {0, 1, 2, 3}


def test_a_view_is_the_image_turned_and_a_part_of_it_replaced():
    batch = Samples(prepared(), method_of(PLAN)).at(0)
    for image, cut, turns in zip(batch["image"], batch["cut"], batch["turns"], strict=True):
        straight = [view.rot90(-int(k), (-2, -1)) for view, k in zip(image, turns, strict=True)]
        assert torch.equal(straight[0], straight[1])
        changed = (image != cut).float().mean()
        assert 0 < changed <= 0.3


def test_an_image_that_lies_with_x_first_is_turned_in_its_own_slices():
    steps = ({"do": "orient", "codes": "RAS"},)
    plan = replace(PLAN, preparation=steps, slice_axis=2, crop=(8, 16, 4), batch=8)
    batch = Samples(prepared(), method_of(plan)).at(0)
    assert batch["image"].shape == (8, 2, 1, 8, 16, 4)
    straight = replace(plan, crop=(16, 16, 4))
    batch = Samples(prepared(), method_of(straight)).at(0)
    assert len(set(batch["turns"].flatten().tolist())) > 1
    for image, turns in zip(batch["image"], batch["turns"], strict=True):
        one, other = (view.rot90(-int(k), (2, 1)) for view, k in zip(image, turns, strict=True))
        assert torch.equal(one, other)


def test_in_2d_too():
    plan = replace(PLAN, dimensions=2, crop=(8, 16))
    batch = Samples(prepared(), method_of(plan)).at(0)
    assert batch["cut"].shape == (4, 2, 1, 8, 16)
    assert sum(method_of(plan)(batch, 0).values()).isfinite()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["corner", "mean"])
def test_its_losses_fall(tmp_path: Path, place: str):
    told = Told()
    plan = replace(PLAN, steps=30, rate=1e-2, settings={"place": place})
    method, _ = learned(plan, tmp_path, told=told)
    assert loss_of(method) < loss_of(method_of(plan))
    names = {"rotation loss", "contrast loss", "inpainting loss", "collapse"}
    assert all(names <= values.keys() for _, values in told.metrics)


def test_with_norms_images_that_are_nearly_alike_are_told_apart():
    def spread(norms: bool) -> float:
        method = method_of(replace(PLAN, settings={"place": "mean", "norms": norms}))
        method.heads.vector[1].bias.data.zero_()
        alike = 1 + 1e-3 * torch.rand(8, method.network.deepest_channels)
        return 1 - collapse_coefficient(method.heads.vector(alike))

    assert spread(norms=False) < 0.05
    assert spread(norms=True) > 0.7


def test_which_part_of_the_images_is_found_in_the_other_copy_is_told():
    method = method_of(replace(PLAN, settings={"place": "mean", "norms": True}))
    assert loss_of(method) > 0
    assert 0 <= method.watch()["found"] <= 1
    assert "collapse" in method.watch()


@pytest.mark.parametrize("killed_at", [1, 3])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_the_whole_encoder_is_handed_on():
    method = method_of(PLAN)
    other = build_network("unet_small", dimensions=3, in_channels=1, classes=4, widths=(4, 8))
    other.load_encoder(method.network.encoder_state())
    assert method.holds == "encoder"


def test_any_network_s_deepest_map_is_doubled_to_the_image():
    plan = replace(
        PLAN, network="kidney_dense", arguments={}, crop=(16, 32, 32), batch=2, dimensions=3
    )
    method = method_of(plan)
    batch = Samples(prepared(), method).at(0)
    assert method._said(batch["cut"][0]).image.shape == (2, 1, 16, 32, 32)


def test_its_pictures_are_a_view_what_is_shown_and_what_is_filled_in():
    method = method_of(PLAN).eval()
    with torch.no_grad():
        pictures = method.picture(Samples(prepared(), method).at(0, 0, 1))
    assert list(pictures) == ["image", "shown", "filled in"]


def test_all_alike_is_said():
    method = method_of(PLAN)
    method.note(torch.rand(8, 4) * 1e-4 + 1)
    assert "alike" in method.collapsed()


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="two places"):
        method_of(replace(PLAN, crop=(2, 2, 2)))
    with pytest.raises(UsageError, match="0 to 1"):
        method_of(replace(PLAN, settings={"cut": 2.0}))
    with pytest.raises(UsageError, match="one of corner, mean"):
        method_of(replace(PLAN, settings={"place": "edge"}))
    with pytest.raises(UsageError, match="cutt"):
        method_of(replace(PLAN, settings={"cutt": 0.2}))
