from __future__ import annotations

import json
from dataclasses import replace

import pytest
from made_scans import PLAN, plan_for

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.plan import PretrainPlan


def test_it_is_the_same_after_json():
    plan = plan_for("barlow", settings={"width": 16}, reasons=("Because.",))
    text = json.dumps(plan.as_row())
    again = PretrainPlan.from_row(json.loads(text))
    assert json.dumps(again.as_row()) == text
    assert (again.crop, again.reasons) == (plan.crop, plan.reasons)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"crop": (8, 8)}, "2 sides in 3-D"),
        ({"crop": (8, 8, 0)}, "1 voxel or more"),
        ({"dimensions": 4, "crop": (8,) * 4}, "4-D"),
        ({"batch": 0}, "batch of 0"),
        ({"accumulate": 3}, "equal parts"),
        ({"rate": 0.0}, "rate of 0"),
        ({"decay": -1.0}, "decay of -1"),
        ({"optimiser": "adagrad"}, "optimiser=adagrad; expected one of adamw"),
        ({"precision": "float8"}, "precision=float8"),
        ({"threads": 0}, "threads of 0"),
    ],
)
def test_what_is_out_of_range_is_refused(changes, words):
    with pytest.raises(UsageError, match=words):
        replace(PLAN, **changes)


def test_its_rate_rises_and_falls():
    plan = replace(PLAN, steps=20, warm_up=5, rate=1.0, last_rate=0.1)
    rates = [plan.rate_at(step) for step in range(20)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] == pytest.approx(0.1)
