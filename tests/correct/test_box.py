from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct.box import box_around, index_in, inside, widened


@pytest.mark.parametrize("seed", range(20))
def test_the_smallest_box_holds_everything_and_nothing_less(seed: int) -> None:
    marked = np.random.default_rng(seed).random((6, 7, 8)) < 0.01
    box = box_around(marked)
    at = np.argwhere(marked)
    if not at.size:
        assert box is None
        return
    assert box == tuple(
        slice(low, high + 1)
        for low, high in zip(at.min(0).tolist(), at.max(0).tolist(), strict=True)
    )


def test_nothing_has_no_box() -> None:
    assert box_around(np.zeros((3, 4, 5), bool)) is None


def test_a_wider_box_stops_at_the_limit() -> None:
    limit = (slice(0, 10), slice(5, 6), slice(0, 30))
    box = widened((slice(4, 5), slice(5, 6), slice(10, 12)), 3.0, (2.0, 1.0, 0.5), limit)
    assert box == (slice(1, 8), slice(5, 6), slice(3, 19))


def test_voxels_of_a_box_and_of_the_whole() -> None:
    box = (slice(2, 5), slice(3, 4), slice(1, 9))
    assert inside(box, (slice(1, 2), slice(0, 1), slice(2, 4))) == (
        slice(3, 4),
        slice(3, 4),
        slice(3, 5),
    )
    assert index_in(box, (4, 3, 1)) == (2, 0, 0)
    assert index_in(box, (5, 3, 1)) is None
    assert index_in(box, (1, 3, 1)) is None
