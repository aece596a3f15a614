from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import Told, learned, loss_of, method_of, plan_for, prepared, resumed_alike

from napari_medssl.pretrain.samples import Samples

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
        assert 0 <= values["teacher entropy"] <= 1.001
        assert values["answers in use"] >= 1


def test_small_views_are_smaller_and_as_many_as_wanted():
    method = method_of(PLAN)
    batch = Samples(prepared(), method).at(0)
    assert batch["large"].shape[:3] == (4, 2, 1)
    assert batch["small"].shape[:3] == (4, 2, 1)
    assert batch["large"].shape[3:] == PLAN.crop
    assert all(a <= b for a, b in zip(batch["small"].shape[3:], PLAN.crop, strict=True))


def test_the_centre_follows_the_teachers_answers():
    method = method_of(PLAN)
    method._told = [torch.full((32,), 1.0), torch.full((32,), 3.0)]  # of two parts of a batch
    method.after_step(0)
    torch.testing.assert_close(method.centre, torch.full((32,), 0.2))


def test_a_teacher_that_always_says_the_same_is_noticed():
    method = method_of(PLAN)
    assert method.collapsed() == ""
    method._answers = torch.eye(32)[torch.zeros(8, dtype=torch.long)] * 9
    assert "alike" in method.collapsed()
    method._answers = torch.zeros(8, 32)
    assert "alike" in method.collapsed()
    method._answers = torch.eye(32)[:8] * 9
    assert method.collapsed() == ""
