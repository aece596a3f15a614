from __future__ import annotations

import numpy as np
import pytest
from bright_ball import WINDOW, ball, segmenter

from napari_medssl.segment.growing.finder import Finder
from napari_medssl.segment.growing.rules import GrowRules
from napari_medssl.segment.growing.shapes import depth_mm


def finder(axis: int = 0) -> Finder:
    return Finder(segmenter(), ball(), axis, WINDOW, GrowRules())


def test_pixels_are_those_of_its_plane() -> None:
    assert finder(0).pixel_mm == (1.0, 1.0)
    assert finder(1).pixel_mm == (3.0, 1.0)


def test_it_finds_the_object_next_door_and_says_how_alike_it_is() -> None:
    one = finder()
    mask = one.volume.array[12] > 50
    look = one.look(12, mask)
    found = one.find(13, depth_mm(mask, one.pixel_mm), look, 1)
    assert found is not None
    np.testing.assert_array_equal(found.mask, one.volume.array[13] > 50)
    assert found.likeness == pytest.approx(one.likeness(12, mask, look), abs=0.1)
    assert found.score > 0.9
