"""Outlines of masks, and the masks that they enclose."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from napari_medssl.io.dicom.contours import fill, outlines


def _random_masks() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 40, (60, 2))
    return [rng.random(size) < share for size, share in zip(sizes, rng.random(60), strict=True)]


def test_filling_an_outline_gives_the_mask_again() -> None:
    for mask in _random_masks():
        assert (fill(outlines(mask), *mask.shape) == mask).all()


def test_rounded_millimetres_give_the_mask_again() -> None:
    for mask in _random_masks():
        rounded = [np.round(loop * 0.7734 - 123.4, 6) for loop in outlines(mask)]
        assert (fill([(mm + 123.4) / 0.7734 for mm in rounded], *mask.shape) == mask).all()


def test_a_hole_is_cut_in_by_a_keyhole() -> None:
    ring = np.ones((9, 9), bool)
    ring[3:6, 3:6] = False
    (loop,) = outlines(ring)
    assert {tuple(point) for point in loop.tolist()} >= {(2.5, -0.5), (2.5, 3.0)}  # its two ends
    assert (polygon2mask(ring.shape, loop) == ring).all()


def test_no_keyhole_meets_the_centre_of_a_pixel() -> None:
    for mask in _random_masks():
        for loop in outlines(mask):
            start, end = loop, np.roll(loop, -1, axis=0)
            level = start[:, 0] == end[:, 0]
            assert (start[level, 0] % 1 == 0.5).all()


def test_one_outline_for_each_part_and_no_point_on_a_straight_line() -> None:
    mask = np.zeros((20, 30), bool)
    mask[2:8, 3:20] = mask[12:14, 5:9] = mask[8, 20] = True  # the last touches at a corner
    loops = list(outlines(mask))
    assert len(loops) == 2
    assert len(loops[1]) == 8  # the four corners, cut


@pytest.mark.parametrize("turn", [1, -1])
def test_even_odd_over_several_loops_whichever_way_they_turn(turn: int) -> None:
    square = np.array([[0.5, 0.5], [0.5, 8.5], [8.5, 8.5], [8.5, 0.5]])
    inner = (square * 0.5 + 2)[::turn]
    filled = fill([square, inner], 10, 10)
    assert filled.sum() == 64 - 16
    assert not filled[4, 4]


def test_outlines_beyond_the_picture_are_cut_at_its_edge() -> None:
    far = np.array([[-1e9, -1e9], [-1e9, 1e9], [1e9, 1e9], [1e9, -1e9]])
    assert fill([far], 7, 5).all()
    assert not fill([far + 3e9], 7, 5).any()


def test_many_crossings_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_medssl.io.dicom.contours._MOST_CROSSINGS", 7)
    mask = _random_masks()[3]
    assert (fill(outlines(mask), *mask.shape) == mask).all()
