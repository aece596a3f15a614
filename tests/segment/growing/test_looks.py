from __future__ import annotations

import numpy as np

from napari_medssl.segment.growing.looks import Look
from napari_medssl.segment.growing.shapes import depth_mm


def test_greys_of_the_object_speak_for_it_and_those_around_against() -> None:
    mask = np.zeros((40, 40), bool)
    mask[12:28, 12:28] = True
    grey = np.where(mask, 200, 40).astype(np.uint8)
    look = Look.of(grey, depth_mm(mask, (1.0, 1.0)), 8.0)
    evidence = look.evidence(grey)
    assert evidence[20, 20] > 2
    assert evidence[5, 5] < -2
    assert look.likeness(grey, mask) > 0.8
    assert look.likeness(grey, ~mask) < -0.8


def test_a_grey_never_seen_says_little_and_equal_greys_say_nothing() -> None:
    mask = np.zeros((40, 40), bool)
    mask[12:28, 12:28] = True
    same = np.full(mask.shape, 100, np.uint8)
    look = Look.of(same, depth_mm(mask, (1.0, 1.0)), 8.0)
    assert np.abs(look.speaks).max() < 0.01
