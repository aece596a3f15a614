from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from napari_medssl.pretrain.views.corruption import cut_out, replace_pixels


@pytest.mark.parametrize("shape", [(1, 50, 40), (2, 10, 20, 10)])
def test_a_tenth_of_the_pixels_is_replaced_in_all_channels_and_nothing_else(shape):
    image = torch.rand(shape) + 5
    replaced, where = replace_pixels(image, np.random.default_rng(0))
    assert where.sum() == 200
    assert torch.equal(replaced[:, ~where], image[:, ~where])
    noise = replaced[:, where].flatten().numpy()
    assert kstest(noise / 0.01, "norm").pvalue > 0.01  # replaced by noise about 0, not added to


def test_at_least_one_pixel_is_replaced_and_the_image_stays():
    image = torch.ones(1, 2, 2)
    _, where = replace_pixels(image, np.random.default_rng(0), part=0.01)
    assert where.sum() == 1
    assert (image == 1).all()


@pytest.mark.parametrize("sides", [(64, 64), (32, 32, 32), (3, 3)])
def test_no_more_than_a_third_is_cut_out(sides):
    image, other = torch.rand(1, *sides), torch.rand(1, *sides) + 2
    for seed in range(10):
        swapped = cut_out(image, np.random.default_rng(seed), other=other)
        changed = swapped != image
        assert torch.equal(swapped[changed], other[changed])
        assert changed.float().mean() <= 0.3
        noisy = cut_out(image, np.random.default_rng(seed))
        assert torch.equal(noisy != image, changed)
    assert image.max() <= 1


def test_boxes_come_close_to_what_is_allowed():
    image, other = torch.zeros(1, 96, 96), torch.ones(1, 96, 96)
    parts = [cut_out(image, np.random.default_rng(n), other=other).mean().item() for n in range(20)]
    assert 0.15 < np.mean(parts) <= 0.3
