from __future__ import annotations

import pytest
import torch
from made_scans import method_of, plan_for, prepared

from napari_medssl.errors import OutOfMemoryError
from napari_medssl.pretrain.learning.learner import Learner
from napari_medssl.pretrain.planning import trial_steps


def test_steps_fill_the_time(monkeypatch):
    monkeypatch.setattr(trial_steps, "_seconds_a_step", lambda *_: 0.5)
    method = method_of(plan_for("barlow", warm_up=7))
    plan = trial_steps.probed(method, prepared(), minutes=10.0)
    assert plan.steps == 1080
    assert plan.warm_up == 7
    assert "0.5 s here: 1,080 steps in 10 minutes" in plan.reasons[-1]


@pytest.mark.parametrize(("rising", "warm_up"), [(0.1, 108), (0.04, 43), (0.0, 0), (None, 7)])
def test_the_rate_rises_in_as_large_a_part_as_is_said(monkeypatch, rising, warm_up):
    monkeypatch.setattr(trial_steps, "_seconds_a_step", lambda *_: 0.5)
    method = method_of(plan_for("barlow", warm_up=7))
    assert trial_steps.probed(method, prepared(), minutes=10.0, rising=rising).warm_up == warm_up
    short = method_of(plan_for("barlow", warm_up=700))
    assert trial_steps.probed(short, prepared(), minutes=0.01).warm_up == 25


def test_without_a_time_the_plan_stays_and_the_method_too():
    plan = plan_for("barlow")
    method = method_of(plan)
    before = {name: t.clone() for name, t in method.state_dict().items()}
    assert trial_steps.probed(method, prepared(), minutes=None) == plan
    assert all(torch.equal(before[name], t) for name, t in method.state_dict().items())


def small_machine(monkeypatch, most: int) -> None:
    """Memory for so many images at once and no more."""

    def step(learner, number):
        if learner.method.plan.batch // learner.method.plan.accumulate > most:
            raise MemoryError
        return {}

    monkeypatch.setattr(Learner, "step", step)


def test_where_memory_runs_out_fewer_go_through_at_once(monkeypatch):
    small_machine(monkeypatch, 3)
    plan = trial_steps.probed(method_of(plan_for("regression", batch=12)), prepared(), minutes=None)
    assert plan.accumulate == 4
    assert plan.reasons[-1].endswith("now 3.")


def test_never_fewer_than_the_method_can_compare(monkeypatch):
    small_machine(monkeypatch, 1)
    with pytest.raises(OutOfMemoryError, match="even from 2 images at a time"):
        trial_steps.probed(method_of(plan_for("barlow")), prepared(), minutes=None)
    assert (
        trial_steps.probed(method_of(plan_for("regression")), prepared(), minutes=None).accumulate
        == 4
    )


def test_another_error_is_not_taken_for_memory(monkeypatch):
    def step(*_):
        raise RuntimeError("something else")

    monkeypatch.setattr(Learner, "step", step)
    with pytest.raises(RuntimeError, match="something else"):
        trial_steps.probed(method_of(plan_for("regression")), prepared(), minutes=None)
