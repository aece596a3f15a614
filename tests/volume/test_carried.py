from __future__ import annotations

import numpy as np

from napari_medssl.volume import Geometry
from napari_medssl.volume.carried import carried, share_of

OLD = Geometry((4, 4, 4), (1.0, 1.0, 1.0))
BALL = np.zeros((4, 4, 4), bool)
BALL[1:3, 1:3, 1:3] = True


def test_on_the_same_grid_it_stays():
    assert np.array_equal(carried(BALL, OLD, OLD), BALL)


def test_of_a_larger_voxel_its_middle_counts():
    new = Geometry((2, 2, 2), (2.0, 2.0, 2.0), (0.5, 0.5, 0.5))
    assert np.allclose(share_of(BALL, OLD, new), 1 / 8)  # each corner of the ball fills an eighth
    assert not carried(BALL, OLD, new).any()


def test_a_moved_grid_sees_it_moved():
    new = Geometry((4, 4, 4), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0))
    [moved] = np.nonzero(carried(BALL, OLD, new).any(axis=(0, 1)))
    assert moved.tolist() == [0, 1]
