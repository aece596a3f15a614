from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.views.iou_band import IoUBand, overlap


def slow_overlap(first, second, crop) -> float:
    """Voxels counted one by one."""

    def voxels(corner):
        return set(product(*(range(a, a + n) for a, n in zip(corner, crop, strict=True))))

    one, other = voxels(first), voxels(second)
    return len(one & other) / len(one | other)


def test_overlaps_are_those_of_sets_of_voxels():
    random = np.random.default_rng(0)
    for _ in range(50):
        crop = tuple(random.integers(1, 6, 3).tolist())
        first, second = (tuple(random.integers(0, 6, 3).tolist()) for _ in range(2))
        assert overlap(first, second, crop) == pytest.approx(slow_overlap(first, second, crop))


@pytest.mark.parametrize("band", [(0.5, 0.4), (-0.1, 0.5), (0.5, 1.1), (float("nan"), 1)])
def test_a_band_is_two_numbers_in_order(band):
    with pytest.raises(UsageError, match="two numbers from 0 to 1"):
        IoUBand(*band)


@pytest.mark.parametrize("band", [(0.3, 0.6), (0, 0), (0, 1), (1, 1), (1e-4, 0.3), (0.6, 1)])
@pytest.mark.parametrize("crop", [(6, 5), (4, 3, 5)])
def test_shifts_along_the_last_axis_are_those_that_trying_finds(band, crop):
    band = IoUBand(*band)
    others = list(product(*(range(n + 2) for n in crop[:-1])))
    area = np.array(
        [np.prod([max(0, c - d) for c, d in zip(crop, o, strict=False)]) for o in others]
    )
    nearest, farthest = band.last_shifts(crop, area)
    for place, shifts in enumerate(others):
        found = {d for d in range(12) if nearest[place] <= d <= farthest[place]}
        zero = (0,) * len(crop)
        tried = {d for d in range(12) if band.holds(overlap(zero, (*shifts, d), crop))}
        assert found == tried
