from __future__ import annotations

import numpy as np
import pytest
import torch
from made_scans import method_of, plan_for, prepared

from napari_medssl.models.team import Team
from napari_medssl.pretrain.images.samples import Samples, random_region, random_slice

PLAN = plan_for("barlow")


def test_a_batch_in_parts_is_the_batch():
    samples = Samples(prepared(), method_of(PLAN))
    whole = samples.at(5)
    parts = [samples.at(5, first, 2) for first in (0, 2)]
    for name, batch in whole.items():
        assert torch.equal(batch, torch.cat([part[name] for part in parts]))


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("size", [1, 2])
def test_shares_of_parts_make_up_the_batch(accumulate: int, size: int):
    samples = Samples(prepared(), method_of(plan_for("barlow", accumulate=accumulate)))
    parts = [
        samples.share(Team(rank, size), 7, part)
        for part in range(accumulate)
        for rank in range(size)
    ]
    for name, batch in samples.at(7).items():
        assert torch.equal(batch, torch.cat([part[name] for part in parts]))


def test_a_region_lies_anywhere_in_the_image():
    image = prepared(1)[0]
    random = np.random.default_rng(0)
    for _ in range(20):
        region = random_region(image, (8, 8, 8), PLAN, random)
        assert region.shape == (1, 8, 8, 8)
        assert region.dtype == np.float32
        windows = np.lib.stride_tricks.sliding_window_view(image.array[0], (8, 8, 8))
        assert (windows == region[0]).all((3, 4, 5)).any()


def test_where_an_image_is_smaller_it_is_mirrored_at_its_borders():
    image = prepared(1, (6, 20, 20))[0]
    region = random_region(image, (10, 8, 8), PLAN, np.random.default_rng(0))
    assert region.shape == (1, 10, 8, 8)
    assert np.array_equal(region[0, :2], region[0, 2:4][::-1])
    assert np.array_equal(region[0, 8:], region[0, 6:8][::-1])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_cut_across_the_plan_s_axis(axis: int):
    image = prepared(1)[0]
    plan = plan_for("barlow", dimensions=2, crop=(8, 8), slice_axis=axis)
    there = random_slice(image, plan, np.random.default_rng(0))
    moved = np.moveaxis(image.array[0], axis, 0)
    assert (moved == there[0]).all((1, 2)).sum() == 1
