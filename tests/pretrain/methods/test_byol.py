from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import by_heart, learned, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.heads.projections import pooled
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.learning.schedules import teacher_momentum

PLAN = plan_for("byol", settings={"hidden": 32, "width": 16, "momentum": 0.9})


@pytest.mark.parametrize("killed_at", [1, 3])
def test_killed_it_goes_on_to_the_same_student_and_teacher(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_the_teacher_follows_after_each_step(tmp_path: Path):
    before = method_of(PLAN)
    method, _ = learned(plan_for("byol", settings=PLAN.settings, steps=1), tmp_path)
    keeps = teacher_momentum(0, 1, 0.9)
    first = dict(before.student.named_parameters())
    now = dict(method.student.named_parameters())
    for name, weight in method.teacher.named_parameters():
        wanted = keeps * first[name].double() + (1 - keeps) * now[name].double()
        torch.testing.assert_close(weight.double(), wanted, atol=1e-6, rtol=1e-5)
        assert not weight.requires_grad


def test_it_learns():
    losses = by_heart(plan_for("byol", settings=PLAN.settings, steps=30, rate=3e-3))
    assert losses[-1] < losses[0] / 2
    assert 0 <= min(losses) <= max(losses) <= 8


def test_with_norms_nothing_is_common_to_what_a_prediction_is_to_find():
    method = method_of(plan_for("byol", settings={**PLAN.settings, "norms": True}))
    images = Samples(prepared(), method).at(0)["first"]
    projected = method.student.head(pooled(method.student.encode(images).deepest))
    torch.testing.assert_close(projected.mean(0), torch.zeros(16), atol=1e-5, rtol=0)


def test_gentle_views_are_alike_as_strong_ones_are_not():
    def likeness(views: str) -> float:
        method = method_of(plan_for("byol", settings={**PLAN.settings, "views": views}))
        batch = Samples(prepared(), method).at(0)
        both = zip(batch["first"].flatten(1), batch["second"].flatten(1), strict=True)
        return min(float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in both)

    assert likeness("gentle") > 0.5 > likeness("strong")
    with pytest.raises(UsageError, match="strong, gentle"):
        likeness("wild")


def test_what_is_shared_is_kept_once(tmp_path: Path):
    kept = method_of(PLAN).remembered()
    assert not any(name.startswith("student.network") for name in kept)
    assert any(name.startswith("teacher.network") for name in kept)
