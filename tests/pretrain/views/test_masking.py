from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import chisquare

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.views.masking import block_mask, enlarged, hidden_count, patch_mask

GRIDS = [((6, 6, 6), 0.7, 152), ((28, 28), 0.75, 588), ((7, 7), 0.6, 30), ((10,), 0.7, 7)]


@pytest.mark.parametrize(("grid", "ratio", "count"), GRIDS)
@pytest.mark.parametrize("mask", [patch_mask, block_mask])
def test_exactly_so_many_are_hidden(mask, grid, ratio, count):
    """SMIT's 152 of 216, MAE's 588 of 784, SimMIM's 30 of 49."""
    for seed in range(20):
        assert mask(grid, ratio, np.random.default_rng(seed)).sum() == count


@pytest.mark.parametrize("ratio", [0.0, 1.0, 0.99, -1.0])
def test_nothing_or_everything_hidden_is_refused(ratio):
    with pytest.raises(UsageError, match="at least one hidden and one seen"):
        hidden_count(8, ratio)


def test_every_patch_is_hidden_as_often():
    random = np.random.default_rng(0)
    often = sum(patch_mask((4, 5), 0.3, random).astype(int) for _ in range(2000))
    assert chisquare(often.ravel()).pvalue > 0.001


@pytest.mark.parametrize("grid", [(14, 14), (8, 8, 8)])
def test_blocks_hang_together(grid):
    """Fewer pieces than patches hidden one by one."""

    def pieces(mask):
        return np.mean(
            [ndimage.label(mask(grid, 0.2, np.random.default_rng(n)))[1] for n in range(20)]
        )

    assert pieces(block_mask) < pieces(patch_mask) / 3


def test_enlarged_says_the_same_of_every_voxel():
    mask = patch_mask((2, 3, 2), 0.5, np.random.default_rng(0))
    large = enlarged(mask, 4)
    assert large.shape == (8, 12, 8)
    assert all(large[z, y, x] == mask[z // 4, y // 4, x // 4] for z, y, x in np.ndindex(8, 12, 8))
