from __future__ import annotations

import numpy as np

from napari_medssl.pretrain.pseudo.grey import grey_levels


def test_8_bit_greys_stay_and_others_are_spread():
    levels = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    assert np.array_equal(grey_levels(levels), levels[0])
    hounsfield = np.linspace(-1000, 1000, 9).reshape(1, 3, 3)
    spread = grey_levels(hounsfield)
    assert spread.ravel().tolist() == [0, 32, 64, 96, 128, 159, 191, 223, 255]


def test_colours_weigh_as_they_look():
    colours = np.zeros((3, 1, 3), np.uint8)
    for place in range(3):
        colours[place, 0, place] = 255
    assert grey_levels(colours)[0].tolist() == [76, 150, 29]


def test_what_is_constant_is_black_and_other_channels_are_averaged():
    assert not grey_levels(np.full((1, 2, 2), 3.7)).any()
    two = np.array([[[0.0, 2.0]], [[2.0, 4.0]]])
    assert grey_levels(two).tolist() == [[0, 255]]
