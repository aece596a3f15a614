"""Samplers against all pairs there are, enumerated."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.views.iou_band import IoUBand, overlap
from napari_medssl.pretrain.views.iou_crops import (
    AnyPairs,
    ExactPairs,
    RejectionPairs,
    pair_sampler,
)

CASES = [
    ((9, 8), (5, 4), (0.3, 0.6)),
    ((9, 8), (5, 4), (0, 0)),
    ((9, 8), (5, 4), (1e-4, 0.3)),
    ((9, 8), (5, 4), (0.6, 1)),
    ((6, 18), (5, 5), (0.05, 0.1)),
    ((7, 6, 8), (4, 3, 5), (0.3, 0.6)),
    ((6, 5, 6), (4, 4, 4), (0, 1)),
]
BIG, CROP, BAND = (350, 260), (96, 96), IoUBand(0.3, 0.6)


def partners_of(sides, crop, band):
    """Every anchor's partners, of those that have any."""
    places = list(product(*(range(s - c + 1) for s, c in zip(sides, crop, strict=True))))
    found = {a: [b for b in places if band.holds(overlap(a, b, crop))] for a in places}
    return places, {a: b for a, b in found.items() if b}


def fits(sampler, expected: dict, count: int) -> float:
    """How likely so uneven a sample is, if the sampler draws as expected."""
    random = np.random.default_rng(1)
    drawn = Counter((p.first, p.second) for p in (sampler.draw(random) for _ in range(count)))
    assert set(drawn) <= set(expected)
    keys = list(expected)
    return chisquare([drawn[k] for k in keys], [expected[k] * count for k in keys]).pvalue


@pytest.mark.parametrize(("sides", "crop", "ends"), CASES)
def test_exact_pairs_are_spread_over_anchors_and_then_over_their_partners(sides, crop, ends):
    band = IoUBand(*ends)
    _, partners = partners_of(sides, crop, band)
    expected = {(a, b): 1 / len(partners) / len(bs) for a, bs in partners.items() for b in bs}
    assert fits(ExactPairs(sides, crop, band), expected, 8 * len(expected) + 2000) > 0.01


def test_rejection_is_as_printed():
    """An anchor counts as often as one of 30 tries finds a partner, partners are alike."""
    sides, crop, band = (12, 9), (4, 4), IoUBand(0.55, 0.9)
    places, partners = partners_of(sides, crop, band)
    found = {a: 1 - (1 - len(bs) / len(places)) ** 30 for a, bs in partners.items()}
    total = sum(found.values())
    expected = {(a, b): found[a] / total / len(bs) for a, bs in partners.items() for b in bs}
    random = np.random.default_rng(2)
    pairs = [RejectionPairs(sides, crop, band).draw(random) for _ in range(4000)]
    met = [(p.first, p.second) for p in pairs if band.holds(p.iou)]
    # four anchors fail one after the other as often as one does, to the fourth
    failing = (1 - total / len(places)) ** 4
    assert abs(len(met) / len(pairs) - (1 - failing)) < 4 * np.sqrt(failing / len(pairs)) + 1e-3
    drawn, keys = Counter(met), list(expected)
    wanted = [expected[k] * len(met) for k in keys]
    assert chisquare([drawn[k] for k in keys], wanted).pvalue > 0.01


def test_both_ways_give_the_same_overlaps_on_a_slice():
    """Rejection lacks some anchors near corners, too few to see."""
    random = np.random.default_rng(3)
    exact = ExactPairs(BIG, CROP, BAND)
    tried = RejectionPairs(BIG, CROP, BAND)
    overlaps = [[s.draw(random).iou for _ in range(1500)] for s in (exact, tried)]
    assert all(BAND.holds(iou) for iou in overlaps[0])
    assert kstest(*overlaps).pvalue > 0.01


def test_any_pairs_lie_anywhere():
    sides, crop = (6, 7), (4, 4)
    places, _ = partners_of(sides, crop, IoUBand(0, 1))
    expected = {pair: 1 / len(places) ** 2 for pair in product(places, repeat=2)}
    assert fits(AnyPairs(sides, crop), expected, 4000) > 0.01


@pytest.mark.parametrize("way", ["exact", "rejection", "any"])
def test_pairs_lie_within_the_image_and_are_drawn_again_alike(way):
    sides, crop = (40, 33, 37), (24, 24, 24)
    sampler = pair_sampler(way, sides, crop, BAND)
    first, again = ([sampler.draw(np.random.default_rng(n)) for n in range(50)] for _ in range(2))
    assert first == again
    for pair in first:
        assert pair.iou == overlap(pair.first, pair.second, crop)
        assert way == "any" or BAND.holds(pair.iou)
        for corner in (pair.first, pair.second):
            assert all(0 <= a <= s - c for a, s, c in zip(corner, sides, crop, strict=True))


@pytest.mark.parametrize("sampler", [ExactPairs, RejectionPairs])
@pytest.mark.parametrize("side", [96, 108])
def test_a_band_that_cannot_be_met_is_refused_with_what_overlaps_there_are(sampler, side):
    with pytest.raises(UsageError, match=r"two overlap .* or more; expected .* 0.3 to 0.6"):
        sampler((side, side), CROP, BAND)


def test_the_smallest_image_that_can_meet_it_is_taken():
    """One pixel less along both axes and no pair overlaps so little."""
    feasible = [s for s in range(96, 130) if overlap((0, 0), (s - 96, s - 96), CROP) <= 0.6]
    pair = ExactPairs((feasible[0],) * 2, CROP, BAND).draw(np.random.default_rng(0))
    assert BAND.holds(pair.iou)
    with pytest.raises(UsageError):
        ExactPairs((feasible[0] - 1,) * 2, CROP, BAND)


@pytest.mark.parametrize("way", ["exact", "rejection", "any"])
def test_a_crop_larger_than_the_image_is_refused(way):
    with pytest.raises(UsageError, match=r"96 x 96 from an image of 200 x 90; .* smaller crops"):
        pair_sampler(way, (200, 90), CROP, BAND)
