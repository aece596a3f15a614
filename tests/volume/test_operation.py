from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import GeometryError
from napari_medssl.volume.operation import SameGrid, require_grid


def test_same_grid_gives_back_what_it_gets() -> None:
    array = np.arange(24).reshape(2, 3, 4)
    same = SameGrid((2, 3, 4))
    assert same.labels(array) is array
    assert same.image(array) is array


def test_only_the_last_three_axes_count() -> None:
    require_grid(np.zeros((5, 2, 3, 4)), (2, 3, 4))
    with pytest.raises(GeometryError, match="expected the prepared grid"):
        require_grid(np.zeros((2, 3, 4, 5)), (2, 3, 4))
    with pytest.raises(GeometryError, match="to bring back"):
        SameGrid((2, 3, 4)).image(np.zeros((4, 3, 2)))
