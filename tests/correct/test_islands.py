from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from shapes import blobs, flood, parts

from napari_medssl.correct import Rules, run_tool
from napari_medssl.correct.islands import MOST_ISLANDS, keep_largest, numbered, remove_small
from napari_medssl.errors import UsageError

MM = (1.0, 1.0, 1.0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", [(6, 8, 9), (1, 12, 13), (7, 1, 9)])
def test_islands_against_flood_fill(seed: int, shape: tuple[int, int, int]) -> None:
    mask = blobs(seed, shape, 0.3)
    by_size = sorted(parts(mask), key=lambda part: -int(part.sum()))
    assert (keep_largest(mask) == by_size[0]).all()
    islands = numbered(mask)
    for number, part in enumerate(by_size, start=1):
        assert ((islands == number) == part).all()
    for least in (0, 2, 5.5, 1e9):
        kept = np.zeros_like(mask)
        for part in by_size:
            kept |= part & (part.sum() >= least)
        assert (remove_small(mask, least) == kept).all()


def test_voxels_that_meet_at_an_edge_are_two_islands() -> None:
    mask = np.zeros((2, 3, 3), bool)
    mask[0, 0, 0] = mask[0, 1, 1] = mask[1, 1, 1] = True
    assert keep_largest(mask).sum() == 2


@pytest.mark.parametrize("seed", range(5))
def test_an_island_is_chosen_by_a_voxel(seed: int) -> None:
    labels = blobs(seed, share=0.3).astype(np.uint8) * 3
    labels[labels == 0] = 2
    at = tuple(int(v) for v in np.argwhere(labels == 3)[seed])
    island = flood(labels == 3, at)
    for tool, left in (("keep-island", island), ("remove-island", (labels == 3) & ~island)):
        after = labels.copy()
        edit = run_tool(tool, labels, 3, MM, voxel=at)
        assert edit is not None
        edit.apply(after)
        assert ((after == 3) == left).all()
        assert ((after == 2) == (labels == 2)).all()


def test_a_voxel_of_no_island_is_refused() -> None:
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[1, 1:3, 1:3] = 1
    labels[2, 3, 4] = 2
    for voxel in ((0, 0, 0), (2, 3, 4)):
        with pytest.raises(UsageError, match="outside the label"):
            run_tool("keep-island", labels, 1, MM, voxel=voxel)
    with pytest.raises(UsageError, match="a voxel of the label"):
        run_tool("keep-island", labels, 1, MM)


def test_islands_become_labels_the_largest_first() -> None:
    labels = np.zeros((1, 3, 12), np.uint8)
    labels[0, 1, 0:2] = labels[0, 1, 3:8] = labels[0, 1, 9:12] = 4
    labels[0, 0, 0] = 7
    edit = run_tool("split-islands", labels, 4, MM)
    assert edit is not None
    edit.apply(labels)
    assert labels[0, 1].tolist() == [9, 9, 0, 4, 4, 4, 4, 4, 0, 8, 8, 8]
    assert labels[0, 0, 0] == 7
    edit.revert(labels)
    named = run_tool("split-islands", labels, 4, MM, new_values=[20, 1])
    assert named is not None
    named.apply(labels)
    assert labels[0, 1].tolist() == [1, 1, 0, 4, 4, 4, 4, 4, 0, 20, 20, 20]


def test_splitting_keeps_to_the_rules() -> None:
    labels = np.zeros((1, 1, 9), np.uint8)
    labels[0, 0, [0, 1, 2, 4, 5, 7]] = 1
    assert run_tool("split-islands", labels, 1, MM, rules=Rules(frozenset({1}))) is None
    image = np.array([[[0, 0, 0, 0, 9, 0, 0, 9, 0]]])
    edit = run_tool("split-islands", labels, 1, MM, rules=Rules(frozenset({3}), low=5), image=image)
    assert edit is not None
    edit.apply(labels)
    assert labels[0, 0].tolist() == [1, 1, 1, 0, 2, 1, 0, 1, 0]


def test_more_islands_than_labels_are_refused() -> None:
    labels = np.zeros((1, 1, 2 * MOST_ISLANDS + 2), np.uint8)
    labels[0, 0, ::2] = 1
    with pytest.raises(UsageError, match="Remove small islands first"):
        run_tool("split-islands", labels, 1, MM)
    few = labels[..., :20]
    with pytest.raises(UsageError, match="10 islands and 1 free"):
        run_tool("split-islands", few, 1, MM, new_values=[5])
    with pytest.raises(UsageError, match="up to 255"):
        run_tool("split-islands", few, 1, MM, new_values=count(250))
