from __future__ import annotations

import numpy as np
import pytest
from shapes import blobs, parts

from napari_medssl.correct.holes import fill_holes


def filled_slowly(mask: np.ndarray, axes: tuple[int, ...], most: float) -> np.ndarray:
    """Fill every part of the background that does not come to an edge along ``axes``."""
    result = mask.copy()
    for gap in parts(~mask, axes):
        ends = [np.take(gap, [0, -1], axis).any() for axis in axes if mask.shape[axis] > 1]
        if not any(ends) and gap.sum() <= most:
            result |= gap
    return result


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("most", [1, 3, 1e9])
@pytest.mark.parametrize("shape", [(6, 8, 9), (1, 12, 13)])
def test_holes_against_flood_fill(seed: int, most: float, shape: tuple[int, int, int]) -> None:
    mask = blobs(seed, shape, 0.7)
    expected = filled_slowly(mask, (0, 1, 2), most)
    assert (fill_holes(mask, most_voxels=most) == expected).all()
    for across in range(3):
        if shape[across] > 1 or across == 0:
            within = tuple(axis for axis in range(3) if axis != across)
            expected = filled_slowly(mask, within, most)
            assert (fill_holes(mask, most_voxels=most, across=across) == expected).all()


def test_a_tunnel_is_no_hole_but_is_one_in_each_slice() -> None:
    tube = np.zeros((5, 7, 7), bool)
    tube[:, 1:6, 1:6] = True
    tube[:, 3, 3] = False
    assert (fill_holes(tube) == tube).all()
    assert fill_holes(tube, across=0)[:, 3, 3].all()
    assert (fill_holes(tube, across=1) == tube).all()


def test_a_bay_at_the_edge_of_the_image_stays_open() -> None:
    mask = np.ones((3, 5, 5), bool)
    mask[1, 2, :3] = False
    assert (fill_holes(mask) == mask).all()
    mask[1, 2, 0] = True
    assert fill_holes(mask).all()
