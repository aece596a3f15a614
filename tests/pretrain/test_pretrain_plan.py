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


def test_its_decay_stays_or_goes_along_a_cosine():
    plan = replace(PLAN, steps=11, decay=0.04)
    assert {plan.decay_at(step) for step in range(11)} == {0.04}
    rising = [replace(plan, last_decay=0.4).decay_at(step) for step in range(11)]
    assert rising == sorted(rising)
    assert [rising[n] for n in (0, 5, 10)] == pytest.approx([0.04, 0.22, 0.4])


def test_before_a_plateau_its_rate_stays():
    plan = replace(PLAN, steps=10, warm_up=2, rate=1.0, plateau=3)
    assert [plan.rate_at(step) for step in range(4)] == [0.5, 1.0, 1.0, 1.0]
    assert replace(plan, warm_up=0).rate_at(0) == 1.0
