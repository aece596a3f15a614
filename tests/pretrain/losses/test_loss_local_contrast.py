from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from slow_answers import cosine, mean

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.losses.local_contrast import (
    local_contrast,
    nearest_regions,
    spread_regions,
)


def slow(first, second, corners, negatives, temperature) -> float:
    """Region by region."""
    losses = []
    for one, other in ((first, second), (second, first)):
        for b in range(len(one)):

            def region(maps, r, b=b):
                place = tuple(slice(c, c + 3) for c in corners[r].tolist())
                return maps[b][(slice(None), *place)].flatten()

            for r in range(len(corners)):
                apart = [np.hypot(*(corners[r] - corners[s])[-2:]) for s in range(len(corners))]
                near = [s for s in np.argsort(apart, kind="stable").tolist() if s != r][:negatives]
                power = [
                    math.exp(cosine(region(one, r), region(maps, s)) / temperature)
                    for maps in (one, other)
                    for s in near
                ]
                itself = math.exp(cosine(region(one, r), region(other, r)) / temperature)
                losses.append(-math.log(itself / (itself + sum(power))))
    return mean(losses)


def test_it_equals_its_slow_version():
    torch.manual_seed(0)
    first, second = torch.randn(2, 2, 4, 14, 17)
    corners = spread_regions((14, 17))
    found = local_contrast(first, second, corners, temperature=0.5).item()
    assert found == pytest.approx(slow(first, second, corners, 5, 0.5), rel=1e-5)


@pytest.mark.parametrize("sides", [(12, 12), (15, 9), (40, 13), (9, 9, 9), (3, 12, 15)])
def test_regions_lie_within_the_map_apart_and_all_over_it(sides):
    corners = spread_regions(sides)
    assert corners.shape == (13, len(sides))
    assert (corners >= 0).all()
    assert (corners + 3 <= sides).all()
    for a, b in np.argwhere(~np.eye(13, dtype=bool)):
        assert (np.abs(corners[a] - corners[b]) >= 3).any()
    reach = corners.max(0) + 3 - corners.min(0)
    assert (reach >= np.array(sides) / 2).all()


def test_a_map_without_room_is_refused():
    with pytest.raises(UsageError, match=r"8 x 8 .* room for 13 regions"):
        spread_regions((8, 8))


def test_a_region_is_never_its_own_negative():
    corners = spread_regions((20, 20))
    near = nearest_regions(corners, 12)
    assert all(sorted([*row, n]) == list(range(13)) for n, row in enumerate(near.tolist()))
    with pytest.raises(UsageError, match="13 regions"):
        nearest_regions(corners, 13)


def test_views_that_agree_cost_less_than_views_that_were_moved():
    """Regions must stay where they are: so views of this stage may not be turned."""
    torch.manual_seed(0)
    maps = torch.randn(1, 8, 18, 18)
    corners = spread_regions((18, 18))
    assert local_contrast(maps, maps, corners).item() < 0.1
    assert local_contrast(maps, maps.rot90(1, (2, 3)), corners).item() > 1
