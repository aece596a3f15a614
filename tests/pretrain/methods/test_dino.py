from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import (
    TINY_VIT,
    Told,
    learned,
    loss_of,
    method_of,
    plan_for,
    prepared,
    resumed_alike,
)

from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.methods.teacher import Answers

SETTINGS = {"classes": 32, "hidden": 16, "small": 2, "momentum": 0.9}
PLAN = plan_for("dino", settings=SETTINGS)


@pytest.mark.parametrize("killed_at", [1, 3])
def test_killed_it_goes_on_to_the_same_student_teacher_and_centre(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_it_learns_what_a_teacher_that_stands_still_says(tmp_path: Path):
    told = Told()
    plan = plan_for("dino", settings={**SETTINGS, "momentum": 1.0}, steps=30, rate=3e-3)
    method, _ = learned(plan, tmp_path, told=told)
    before = method_of(plan)
    before.centre.copy_(method.centre)
    assert loss_of(method) < loss_of(before)
    for _, values in told.metrics:
        assert 0 <= values["teacher_entropy"] <= 1.001
        assert values["answers_in_use"] >= 1
        assert values["divergence"] >= 0
        assert values["token_spread"] > 0


def test_small_views_have_half_the_sides_and_are_as_many_as_wanted():
    batch = Samples(prepared(), method_of(PLAN)).at(0)
    assert batch["large"].shape == (4, 2, 1, 8, 8, 8)
    assert batch["small"].shape == (4, 2, 1, 4, 4, 4)


def test_gentle_views_are_alike_as_strong_ones_are_not():
    def likeness(views: str) -> float:
        method = method_of(plan_for("dino", settings={**SETTINGS, "views": views}))
        large = Samples(prepared(), method).at(0)["large"].flatten(2)
        return min(float(torch.corrcoef(pair)[0, 1]) for pair in large)

    assert likeness("gentle") > 0.5 > likeness("strong")


def test_the_centre_follows_the_teachers_answers():
    method = method_of(PLAN)
    method._told = [torch.full((32,), 1.0), torch.full((32,), 3.0)]  # of two parts of a batch
    method.after_step(0)
    torch.testing.assert_close(method.centre, torch.full((32,), 0.2))


def test_a_teacher_that_always_says_the_same_is_noticed():
    method = method_of(PLAN)
    assert method.collapsed() == ""
    for answers, words in (
        (torch.eye(32)[torch.zeros(8, dtype=torch.long)] * 9, "alike"),
        (torch.zeros(8, 32), "alike"),
        (torch.eye(32)[:8] * 9, ""),
    ):
        method._last = Answers(answers, answers, answers)
        assert words in method.collapsed()
        assert bool(words) == bool(method.collapsed())


def test_of_a_vision_transformer_the_class_token_answers_and_it_alone_learns(tmp_path: Path):
    plan = plan_for("dino", **TINY_VIT, settings={**SETTINGS, "hold": 0.0})
    method = method_of(plan)
    network = method.network
    images = torch.rand(2, 3, 1, 32, 32)
    vectors = method.eval()._see(method.student, images)
    wanted = network.vit.forward_features(images.flatten(0, 1))[:, 0]
    torch.testing.assert_close(vectors, wanted.unflatten(0, (2, 3)))
    before = {name: t.clone() for name, t in network.state_dict().items()}
    after, _ = learned(plan, tmp_path)
    changed = {n for n, t in after.network.state_dict().items() if not torch.equal(t, before[n])}
    assert {"vit.cls_token", "vit.blocks.1.mlp.fc1.weight"} <= changed
    assert all(name.startswith("vit.") for name in changed)
    assert (after.holds, after.handed_on) == ("encoder", ("vit",))


@pytest.mark.parametrize(("crop", "small"), [(224, 96), (64, 32), (32, 16)])
def test_a_vision_transformer_s_small_views_are_the_paper_s(crop: int, small: int):
    plan = plan_for("dino", **{**TINY_VIT, "crop": (crop, crop)}, settings=SETTINGS)
    assert method_of(plan)._small == (small, small)
