from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.pseudo.adaptive import adaptive_gaussian, adaptive_mean


def slow(grey, block, weight) -> np.ndarray:
    """Pixel by pixel, the edge going on beyond itself."""
    reach = block // 2
    found = np.zeros(grey.shape)
    for place in np.ndindex(*grey.shape):
        total = weights = 0.0
        for step in np.ndindex(*(block,) * grey.ndim):
            w = np.prod([weight(s - reach) for s in step])
            at = tuple(
                min(max(p + s - reach, 0), n - 1)
                for p, s, n in zip(place, step, grey.shape, strict=True)
            )
            total += w * float(grey[at])
            weights += w
        found[place] = total / weights
    return found


@pytest.mark.parametrize("shape", [(9, 7), (4, 5, 3)])
@pytest.mark.parametrize("block", [3, 5])
def test_both_equal_their_slow_versions(shape, block):
    grey = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    flat = slow(grey, block, lambda _: 1.0)
    assert np.allclose(adaptive_mean(grey, block, 2.0), flat - 2)
    sigma = 0.3 * ((block - 1) * 0.5 - 1) + 0.8
    bell = slow(grey, block, lambda d: np.exp(-(d**2) / (2 * sigma**2)))
    assert np.allclose(adaptive_gaussian(grey, block, 2.0), bell - 2)


@pytest.mark.parametrize("block", [0, 1, 10])
def test_a_block_has_a_middle(block):
    for threshold in (adaptive_mean, adaptive_gaussian):
        with pytest.raises(UsageError, match="an odd number, 3 or more"):
            threshold(np.zeros((4, 4), np.uint8), block)
