from __future__ import annotations

from pathlib import Path

import pytest
from made_scans import Told, by_heart, learned, loss_of, method_of, plan_for, resumed_alike

PLAN = plan_for("barlow", settings={"width": 16})


@pytest.mark.parametrize("killed_at", [0, 1, 2, 5])
def test_killed_anywhere_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_it_learns(tmp_path: Path):
    losses = by_heart(plan_for("barlow", settings={"width": 16}, steps=30, rate=3e-3))
    assert losses[-1] < losses[0] / 2


def test_it_tells_how_alike_all_come_out(tmp_path: Path):
    told = Told()
    learned(PLAN, tmp_path, told=told)
    assert all(0 <= values["collapse"] <= 1 for _, values in told.metrics)


def test_its_redundancy_weighs_unlike_features():
    weights = (0.0, 0.5, 1.0)
    plans = [plan_for("barlow", settings={"width": 16, "redundancy": w}) for w in weights]
    none, half, whole = (loss_of(method_of(plan)) for plan in plans)
    assert none < half
    assert whole - half == pytest.approx(half - none, 1e-3)


def test_all_weights_shrink_or_the_projection_s_alone():
    """The published code has weight decay on the projection's kernels and nowhere else."""
    for decays in ("all", "projection"):
        method = method_of(plan_for("barlow", settings={"width": 16, "decays": decays}))
        method.freeze_the_rest()
        groups = method.learners()
        shrunk = {id(p) for g in groups if g["decay"] for p in g["params"]}
        still = {id(p) for g in groups if not g["decay"] for p in g["params"]}
        head = {id(p) for p in method.projection.parameters() if p.ndim > 1}
        assert head <= shrunk
        assert (shrunk == head) == (decays == "projection")
        assert shrunk.isdisjoint(still)
        assert shrunk | still == {id(p) for p in method.parameters() if p.requires_grad}


def test_killed_after_its_rate_was_halved_it_goes_on_to_the_same_weights(tmp_path: Path):
    plan = plan_for("barlow", settings={"width": 16}, rate=1e-12, plateau=1, steps=12)
    assert resumed_alike(plan, tmp_path, 8)
