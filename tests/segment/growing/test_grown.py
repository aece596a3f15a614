from __future__ import annotations

import numpy as np

from napari_medssl.segment import Plane
from napari_medssl.segment.growing import GrownMask, GrownSlice


def test_later_slices_take_the_place_of_earlier_ones_and_other_axes_are_passed_by() -> None:
    whole, full = GrownMask((3, 4, 5), 0), np.ones((4, 5), bool)
    whole.take(GrownSlice(Plane(0, 1), full, 1.0, given=True))
    whole.take(GrownSlice(Plane(0, 2), full, 0.4))
    whole.take(GrownSlice(Plane(0, 2), ~full, 0.6))
    whole.take(GrownSlice(Plane(1, 0), np.ones((3, 5), bool), 0.1))
    assert whole.array[1].all()
    assert not whole.array[[0, 2]].any()
    assert whole.slices == (1, 2)
    assert whole.planes == [Plane(0, 1), Plane(0, 2)]
    assert whole.found == (2,)
    assert whole.least_sure == 2
