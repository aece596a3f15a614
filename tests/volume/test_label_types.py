from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.volume.label_types import label_type, smallest_unsigned


@pytest.mark.parametrize(
    ("highest", "kind"),
    [(0, "u1"), (255, "u1"), (256, "u2"), (65_535, "u2"), (65_536, "u4"), (2**32 - 1, "u4")],
)
def test_labels_take_as_little_room_as_they_can(highest: int, kind: str) -> None:
    values = np.array([[0, highest]], np.int64).T
    small = smallest_unsigned(values)
    assert small.dtype == label_type(highest) == np.dtype(kind)
    assert small.flags.c_contiguous
    np.testing.assert_array_equal(small, values)


def test_booleans_whole_floats_and_nothing_at_all_are_labels_too() -> None:
    for values in (np.array([True, False]), np.array([1.0, 0.0]), np.zeros((0, 3), np.int16)):
        small = smallest_unsigned(values)
        assert small.dtype == np.uint8
        np.testing.assert_array_equal(small, values)


@pytest.mark.parametrize("value", [-1, 2**32])
def test_what_is_no_label_is_refused(value: int) -> None:
    with pytest.raises(UsageError, match=f"{value}; expected 0 to 4,294,967,295"):
        smallest_unsigned(np.array([value]))
