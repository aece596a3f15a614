from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_scans import by_heart, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError

SETTINGS = {"width": 32}
PLAN = plan_for("simsiam", optimiser="sgd", rate=0.025, settings=SETTINGS)


@pytest.mark.parametrize("killed_at", [1, 3])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


@pytest.mark.parametrize("pairs", ["exact", "rejection", "any"])
def test_it_learns_from_pairs_of_any_kind(pairs: str):
    plan = plan_for(
        "simsiam", optimiser="sgd", rate=0.05, steps=30, settings={**SETTINGS, "pairs": pairs}
    )
    losses = by_heart(plan)
    assert -1 <= losses[-1] < losses[0] - 0.2


def test_the_prediction_keeps_its_rate():
    from napari_medssl.pretrain.learning.optimisers import optimiser_for, set_rates

    method = method_of(PLAN)
    method.freeze_the_rest()
    optimiser = optimiser_for(method, PLAN)
    set_rates(optimiser, 1e-4)
    head = {id(p) for p in method.prediction.parameters()}
    for group in optimiser.param_groups:
        rates = {0.025 if id(p) in head else 1e-4 for p in group["params"]}
        assert rates == {group["lr"]}
    learned = [p for group in optimiser.param_groups for p in group["params"]]
    assert len(learned) == len({id(p) for p in learned})
    assert {id(p) for p in learned} == {id(p) for p in method.parameters() if p.requires_grad}


def test_an_image_without_such_pairs_is_refused_in_a_sentence():
    method = method_of(PLAN)
    assert method.refuses(prepared(1)[0]) == ""
    assert "overlap" in method.refuses(prepared(1, (8, 8, 9))[0])
    assert "lie within the image" in method.refuses(prepared(1, (7, 20, 20))[0])


def test_a_slice_of_a_volume_is_enough_in_2d():
    plan = plan_for("simsiam", dimensions=2, crop=(8, 8), slice_axis=0, settings=SETTINGS)
    method = method_of(plan)
    image = prepared(1, (2, 20, 20))[0]
    assert method.refuses(image) == ""
    batch = method.sample([image], 0, np.random.default_rng(0))
    assert batch["first"].shape == batch["second"].shape == (1, 8, 8)


@pytest.mark.parametrize(
    "settings", [{"pairs": "some"}, {"iou": [0.6, 0.3]}, {"iou": [0.3]}, {"iou": "wide"}]
)
def test_settings_that_are_none_are_refused(settings):
    with pytest.raises(UsageError):
        method_of(plan_for("simsiam", settings=settings))
