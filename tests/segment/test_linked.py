from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.segment.linked import link, overlap
from napari_medssl.segment.proposals import Proposal


def block(row: int, column: int, rows: int = 10, columns: int = 10) -> Proposal:
    return Proposal((row, column), np.ones((rows, columns), bool), 0.9, 0.9)


def chains(slices: list[list[Proposal]], least: float = 0.5) -> list[list[tuple[int, int]]]:
    """Objects as (slice, which thing of it)."""
    found = link(slices, least)
    return [[(z, slices[z].index(thing)) for z, thing in chain] for chain in found]


def test_overlap_equals_that_of_whole_slices() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        things = [
            Proposal(tuple(random.integers(0, 20, 2).tolist()), random.random((8, 12)) > 0.4, 1, 1)
            for _ in range(2)
        ]
        whole = np.zeros((2, 40, 40), bool)
        for flat, thing in zip(whole, things, strict=True):
            r, c = thing.corner
            flat[r : r + 8, c : c + 12] = thing.mask
        both, either = (whole[0] & whole[1]).sum(), (whole[0] | whole[1]).sum()
        assert overlap(*things) == pytest.approx(both / either)


def test_things_that_overlap_go_on_and_others_begin() -> None:
    slices = [[block(0, 0)], [block(1, 0), block(30, 30)], [block(2, 1)], [], [block(2, 1)]]
    assert chains(slices) == [[(0, 0), (1, 0), (2, 0)], [(1, 1)], [(4, 0)]]


def test_each_goes_on_in_the_one_most_alike() -> None:
    slices = [[block(0, 0), block(3, 0)], [block(3, 0), block(1, 0)]]
    assert chains(slices, 0.3) == [[(0, 0), (1, 1)], [(0, 1), (1, 0)]]


def test_a_thing_that_splits_goes_on_once() -> None:
    slices = [[block(0, 0)], [block(0, 0, columns=6), block(0, 5, columns=5)]]
    assert chains(slices, 0.3) == [[(0, 0), (1, 0)], [(1, 1)]]


def test_little_overlap_is_none() -> None:
    slices = [[block(0, 0)], [block(0, 5)]]
    assert len(chains(slices, 0.4)) == 2
    assert len(chains(slices, 0.3)) == 1
