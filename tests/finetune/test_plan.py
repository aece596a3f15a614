from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.finetune import SamPlan


def test_steps_warm_up_and_fall_to_nothing() -> None:
    plan = SamPlan(steps=100, rate=0.5)
    rates = [plan.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.05)
    assert rates[9] == pytest.approx(0.5)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(0.25)
    assert 0 < rates[99] < 0.001
    assert SamPlan(steps=1).rate_at(0) == SamPlan().highest_rate


def test_each_mode_has_a_rate_of_its_own() -> None:
    rates = {mode: SamPlan(mode=mode).highest_rate for mode in ("decoder", "lora", "everything")}
    rates["points"] = SamPlan(mode="points", points=1.0).highest_rate
    assert len(set(rates.values())) == 4
    assert SamPlan(rate=0.3).highest_rate == 0.3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "all"}, "the mode 'all'"),
        ({"steps": 0}, "steps of 0"),
        ({"batch": 0}, "batch of 0"),
        ({"rank": -1}, "rank of -1"),
        ({"points": 1.1}, "points of 1.1"),
        ({"mode": "points", "points": 0.5}, "points of 0.5 in the mode 'points'"),
        ({"clicks": 0}, "clicks of 0"),
        ({"rate": 0.0}, "a rate of 0"),
        ({"rate": float("nan")}, "a rate of nan"),
        ({"jitter": -1.0}, "a jitter of -1"),
    ],
)
def test_wrong_plans_are_refused(given: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        replace(SamPlan(), **given)


def test_a_plan_needs_no_torch() -> None:
    code = "import sys, napari_medssl.finetune; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
