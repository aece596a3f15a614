from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from bright_cases import PLAN, bright_case, plan_with, prepared_cases

from napari_medssl.finetune.volumes.crops import Batch, Crops
from napari_medssl.finetune.volumes.prepared import prepare
from napari_medssl.models.team import Team


def test_the_same_step_gives_the_same_crops_and_another_does_not():
    crops, again = Crops(prepared_cases(3), PLAN), Crops(prepared_cases(3), PLAN)
    a, b, c = crops.at(4), again.at(4), crops.at(5)
    assert torch.equal(a.image, b.image)
    assert torch.equal(a.classes, b.classes)
    assert not torch.equal(a.image, c.image)


def test_processes_together_see_what_one_sees():
    crops = Crops(prepared_cases(3), plan_with(batch=4))
    whole = crops.at(2)
    parts = [crops.at(2, rank, 2) for rank in (0, 1)]
    for rank, part in enumerate(parts):
        assert torch.equal(whole.image[rank::2], part.image)


def test_most_crops_hold_a_label_and_every_class_has_its_turn():
    crops = Crops(prepared_cases(4), plan_with(patch=(16, 16, 16), batch=1))
    seen = [set(crops.at(step).classes.unique().tolist()) for step in range(60)]
    assert np.mean([bool(s & {1, 2}) for s in seen]) > 0.7
    assert set.union(*seen) == {0, 1, 2}


def test_image_and_classes_stay_together():
    """What is bright is what is drawn, however it was turned."""
    crops = Crops(prepared_cases(2), plan_with(batch=1))
    for step in range(10):
        batch = crops.at(step)
        ball = batch.classes == 1
        rest = (batch.classes == 0) & (batch.weight > 0)
        if ball.sum() > 30 and rest.any():
            image = batch.image[:, 0]
            assert image[ball].median() > image[rest].median()


def test_what_nobody_looked_at_weighs_nothing_and_what_was_corrected_more():
    case = bright_case(0)
    looked = np.zeros(case.labels.shape, bool)
    looked[9] = True
    corrected = case.labels == 3
    prepared = prepare("case-000", replace(case, looked_at=looked, corrected=corrected), PLAN)
    assert set(np.unique(prepared.weight[9])) == {4, 12}
    assert not np.delete(prepared.weight, 9, 0).any()
    weights = torch.cat([Crops([prepared], PLAN).at(step).weight for step in range(6)])
    assert set(weights.unique().tolist()) == {0.0, 1.0, 3.0}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_cut_across_their_axis(axis):
    plan = plan_with(dimensions=2, patch=(16, 16), slice_axis=axis, turned=0.0)
    batch = Crops(prepared_cases(2, plan), plan).at(0)
    assert batch.image.shape == (2, 1, 16, 16)
    assert batch.classes.shape == (2, 16, 16)


def test_an_image_smaller_than_a_crop_is_surrounded_by_what_does_not_count():
    crops = Crops(prepared_cases(1), plan_with(patch=(32, 32, 32), turned=0.0))
    batch = crops.at(0)
    assert batch.image.shape[2:] == (32, 32, 32)
    assert (batch.weight == 0).any()
    assert (batch.weight == 1).any()


def test_a_gpu_gets_the_same_crops_cut_ahead(monkeypatch):
    monkeypatch.setattr(Batch, "pinned", lambda self: self)
    monkeypatch.setattr(Batch, "to", lambda self, device: self)
    crops, team = Crops(prepared_cases(2), PLAN), Team()
    here, ahead = crops.shares(team, "cpu"), crops.shares(team, "cuda:0")
    for step in (0, 1, 2, 7):
        assert torch.equal(here(step).image, ahead(step).image)
        assert torch.equal(here(step).classes, ahead(step).classes)
