from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from tiny_sam import bright_pictures, tiny_engine

from napari_medssl.finetune import SamPlan
from napari_medssl.finetune.batches import Batches, on_decoded_grid
from napari_medssl.finetune.pictures import Thing

PLAN = SamPlan(batch=6, points=0.5)


def test_a_batch_depends_on_its_step_alone() -> None:
    pictures = bright_pictures(4)
    one, other = (Batches(tiny_engine(), pictures, PLAN) for _ in range(2))
    one.at(0)
    for step in (5, 1):
        a, b = one.at(step), other.at(step)
        assert a.pictures == b.pictures
        assert torch.equal(a.boxes, b.boxes)
        assert torch.equal(a.points, b.points)
        assert torch.equal(a.truth, b.truth)
    assert not torch.equal(one.at(0).truth, one.at(1).truth)


def test_boxes_come_first_and_hold_their_masks() -> None:
    """A picture of 48 pixels fills a square of 64, whose decoder gives 16 x 16."""
    batches = Batches(tiny_engine(), bright_pictures(4), PLAN)
    seen = {"boxes": 0, "points": 0}
    for step in range(8):
        batch = batches.at(step)
        assert batch.truth.shape == (6, 16, 16)
        assert len(batch.boxes) + len(batch.points) == 6 == len(batch.pictures)
        assert batch.lone.tolist() == [False] * len(batch.boxes) + [True] * len(batch.points)
        prompts = [*batch.boxes[:, 0], *batch.points[:, 0]]
        for prompt, truth in zip(prompts, batch.truth, strict=True):
            rows, columns = np.nonzero(truth.numpy())
            if len(prompt) == 4:
                left, top, right, bottom = (prompt / 4).tolist()
                assert abs(left - columns.min()) < 1.5
                assert abs(top - rows.min()) < 1.5
                assert abs(right - columns.max() - 1) < 1.5
                assert abs(bottom - rows.max() - 1) < 1.5
            else:
                assert truth[int(prompt[1] // 4), int(prompt[0] // 4)] == 1
        seen["boxes"] += len(batch.boxes)
        seen["points"] += len(batch.points)
    assert min(seen.values()) > 12
    only = Batches(tiny_engine(), bright_pictures(2), replace(PLAN, points=0.0)).at(0)
    assert only.points.shape == (0, 1, 2)


def test_masks_are_laid_into_the_square_as_their_picture_is() -> None:
    mask = np.random.default_rng(0).random((9, 14)) > 0.4
    thing = Thing(1, (3, 5), mask)
    whole = thing.laid_in((20, 40))
    per_pixel = np.array([16 / 40, 8 / 20], np.float32)
    laid = on_decoded_grid(thing, 16, per_pixel)
    for row in range(16):
        for column in range(16):
            at = (int((row + 0.5) / per_pixel[1]), int((column + 0.5) / per_pixel[0]))
            expected = at[0] < 20 and at[1] < 40 and whole[at]
            assert laid[row, column] == expected


def test_clicks_are_drawn_for_each_step() -> None:
    batches = Batches(tiny_engine(), bright_pictures(2), replace(PLAN, clicks=3))
    drawn = [batches.at(step).clicks for step in range(30)]
    assert set(drawn) == {1, 2, 3}
    assert Batches(tiny_engine(), bright_pictures(2), PLAN).at(0).clicks == 1
