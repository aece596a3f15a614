from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.segment.postprocess import cleaned

MM = (2.0, 1.0, 1.0)


def islands_of(mask: np.ndarray) -> list[set[tuple[int, ...]]]:
    """Parts that hang together through faces, by walking from voxel to voxel."""
    left = {tuple(at) for at in np.argwhere(mask).tolist()}
    found = []
    while left:
        island, front = set(), [min(left)]
        while front:
            at = front.pop()
            if at not in left:
                continue
            left.remove(at)
            island.add(at)
            for axis in range(3):
                for step in (-1, 1):
                    front.append((*at[:axis], at[axis] + step, *at[axis + 1 :]))
        found.append(island)
    return found


@pytest.mark.parametrize("keep", [(), (1,), (2, 9), "all"])
@pytest.mark.parametrize("least", [0.0, 2.0, 7.0])
def test_components_against_walking_from_voxel_to_voxel(keep, least: float) -> None:
    rng = np.random.default_rng(3)
    labels = rng.choice([0, 1, 2, 9], p=[0.7, 0.12, 0.1, 0.08], size=(9, 10, 11)).astype(np.uint16)
    wanted = labels.copy()
    for value in (1, 2, 9):
        islands = islands_of(labels == value)
        largest = max(islands, key=lambda i: (len(i), tuple(-n for n in min(i))))
        for island in islands:
            small = len(island) * 2.0 < least
            if small or ((keep == "all" or value in keep) and island != largest):
                for at in island:
                    wanted[at] = 0
    before = labels.copy()
    np.testing.assert_array_equal(cleaned(labels, MM, keep_largest=keep, min_mm3=least), wanted)
    np.testing.assert_array_equal(labels, before)


def test_nothing_asked_is_nothing_done() -> None:
    labels = np.zeros((2, 2, 2), np.uint8)
    assert cleaned(labels, MM) is labels
    assert not cleaned(labels, MM, keep_largest="all").any()


@pytest.mark.parametrize("least", [-1.0, float("nan"), float("inf")])
def test_a_size_that_is_none_is_refused(least: float) -> None:
    with pytest.raises(UsageError, match="mm3"):
        cleaned(np.zeros((2, 2, 2), np.uint8), MM, min_mm3=least)
