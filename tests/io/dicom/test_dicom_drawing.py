"""Labels drawn on planes, painted into one map."""

from __future__ import annotations

import numpy as np

from napari_medssl.io.dicom.drawing import Drawing, Patch, merge
from napari_medssl.io.label_table import unnamed_label


def _square(value: int, size: int, *planes: int) -> Drawing:
    mask = np.zeros((9, 9), bool)
    mask[:size, :size] = True
    patches = [Patch.of(plane, mask) for plane in planes]
    return Drawing(unnamed_label(value), tuple(patch for patch in patches if patch is not None))


def test_a_patch_is_cut_down_to_what_is_marked() -> None:
    mask = np.zeros((9, 9), bool)
    assert Patch.of(0, mask) is None
    mask[3:5, 6] = True
    patch = Patch.of(4, mask)
    assert patch is not None
    assert (patch.plane, patch.row, patch.column, patch.mask.shape) == (4, 3, 6, (2, 1))


def test_the_smaller_label_stays_visible_whatever_the_order() -> None:
    large, small = _square(1, 6, 0, 1), _square(2, 3, 1)
    for drawings in ([large, small], [small, large]):
        painted, (notice,) = merge(drawings, (2, 9, 9))
        assert np.count_nonzero(painted == 2) == 9
        assert np.count_nonzero(painted == 1) == 72 - 9
        assert notice.code == "labels-overlap"
        assert "(label 2 over label 1: 9)" in notice.text


def test_the_type_is_the_smallest_that_holds_the_values() -> None:
    for value, kind in ((255, np.uint8), (256, np.uint16), (65536, np.uint32)):
        painted, notices = merge([_square(value, 2, 0)], (1, 9, 9))
        assert painted.dtype == kind
        assert set(np.unique(painted)) == {0, value}
        assert notices == ()
    assert merge([], (1, 2, 3))[0].shape == (1, 2, 3)


def test_many_overlaps_are_named_in_part() -> None:
    drawings = [_square(value, value, 0) for value in range(1, 9)]
    _, (notice,) = merge(drawings, (1, 9, 9))
    assert notice.text.count(" over ") == 4
    assert "and more pairs" in notice.text
