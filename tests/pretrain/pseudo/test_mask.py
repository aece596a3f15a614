from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.pseudo.mask import THRESHOLDS, pseudo_mask

PLACE = np.hypot(*np.mgrid[-16:16, -16:16]) < 8
NOISE = np.random.default_rng(0).normal(0, 0.05, PLACE.shape)


def disc(inside: float, outside: float) -> np.ndarray:
    return (np.where(PLACE, inside, outside) + NOISE)[None]


@pytest.mark.parametrize("threshold", ["otsu", "ght"])
@pytest.mark.parametrize(("inside", "outside", "side"), [(2, 1, "bright"), (1, 2, "dark")])
def test_a_disc_is_found_whatever_its_shade(threshold, inside, outside, side):
    for polarity in ("auto", side):
        found = pseudo_mask(disc(inside, outside), threshold, polarity)
        assert found.side == side
        assert np.array_equal(found.inside, PLACE)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_bright_and_dark_are_each_others_rest(threshold):
    bright = pseudo_mask(disc(2, 1), threshold, "bright")
    dark = pseudo_mask(disc(2, 1), threshold, "dark")
    assert np.array_equal(bright.inside, ~dark.inside)
    assert (bright.side, dark.side) == ("bright", "dark")


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("polarity", ["bright", "dark", "auto"])
def test_a_constant_image_has_nothing_in_it(threshold, polarity):
    assert not pseudo_mask(np.full((1, 8, 8), 3.0), threshold, polarity).inside.any()


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_colours_and_volumes_are_taken(threshold):
    colours = np.stack([disc(2, 1)[0]] * 3)
    assert pseudo_mask(colours, threshold).inside.shape == (32, 32)
    volume = np.random.default_rng(0).normal(size=(1, 6, 7, 8))
    assert pseudo_mask(volume, threshold).inside.shape == (6, 7, 8)


def test_where_the_edge_is_half_and_half_the_smaller_side_is_meant():
    image = np.zeros((1, 4, 4))
    image[0, :2] = 1
    image[0, 2, 1:3] = 1  # bright: 10 of 16 pixels, half of the edge
    assert pseudo_mask(image, "otsu").side == "dark"


def test_unknown_words_are_refused_with_those_there_are():
    with pytest.raises(UsageError, match="otsu, adaptive-mean"):
        pseudo_mask(disc(2, 1), "median")
    with pytest.raises(UsageError, match="bright, dark or auto"):
        pseudo_mask(disc(2, 1), "otsu", "grey")
