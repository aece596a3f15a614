from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.pseudo.mask import THRESHOLDS, Threshold, pseudo_mask, side_of

PLACE = np.hypot(*np.mgrid[-16:16, -16:16]) < 8
NOISE = np.random.default_rng(0).normal(0, 0.05, PLACE.shape)


def disc(inside: float, outside: float) -> np.ndarray:
    return (np.where(PLACE, inside, outside) + NOISE)[None]


@pytest.mark.parametrize("threshold", ["otsu", "ght"])
@pytest.mark.parametrize(("inside", "outside", "side"), [(2, 1, "bright"), (1, 2, "dark")])
def test_a_disc_is_found_whatever_its_shade(threshold, inside, outside, side):
    for polarity in ("auto", side):
        found = pseudo_mask(disc(inside, outside), Threshold(threshold), polarity)
        assert found.side == side
        assert np.array_equal(found.inside, PLACE)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_bright_and_dark_are_each_others_rest(threshold):
    bright = pseudo_mask(disc(2, 1), Threshold(threshold), "bright")
    dark = pseudo_mask(disc(2, 1), Threshold(threshold), "dark")
    assert np.array_equal(bright.inside, ~dark.inside)
    assert (bright.side, dark.side) == ("bright", "dark")


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("polarity", ["bright", "dark", "auto"])
def test_a_constant_image_has_nothing_in_it(threshold, polarity):
    assert not pseudo_mask(np.full((1, 8, 8), 3.0), Threshold(threshold), polarity).inside.any()


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_colours_and_volumes_are_taken(threshold):
    colours = np.stack([disc(2, 1)[0]] * 3)
    assert pseudo_mask(colours, Threshold(threshold)).inside.shape == (32, 32)
    volume = np.random.default_rng(0).normal(size=(1, 6, 7, 8))
    assert pseudo_mask(volume, Threshold(threshold)).inside.shape == (6, 7, 8)


def test_where_the_edge_is_half_and_half_the_smaller_side_is_meant():
    image = np.zeros((1, 4, 4))
    image[0, :2] = 1
    image[0, 2, 1:3] = 1  # bright: 10 of 16 pixels, half of the edge
    assert pseudo_mask(image).side == "dark"


@pytest.mark.parametrize("shape", [(1, 32, 32), (1, 1, 32, 32), (1, 32, 1, 32), (1, 9, 32, 32)])
def test_the_side_of_a_picture_or_a_volume_is_that_of_its_edge(shape):
    for inside, outside, side in ((2, 1, "bright"), (1, 2, "dark")):
        whole = np.broadcast_to(disc(inside, outside)[0].reshape(-1, 32), (9, 32, 32))
        rows = shape[1] if shape[1:] == (9, 32, 32) else 1
        image = whole[:rows].reshape(shape)
        assert side_of(image, Threshold()) == side
    large = np.zeros((1, 500, 3, 400), np.float16)
    large[:, 100:-100, :, 100:-100] = 1
    assert side_of(large, Threshold()) == "bright"
    assert side_of(1 - large, Threshold()) == "dark"


def test_unknown_words_and_numbers_are_refused_with_those_there_are():
    with pytest.raises(UsageError, match="otsu, adaptive-mean"):
        Threshold("median")
    with pytest.raises(UsageError, match="bright, dark or auto"):
        pseudo_mask(disc(2, 1), Threshold(), "grey")
    for wrong in ({"block": 4}, {"nu": -1.0}, {"omega": 1.5}):
        with pytest.raises(UsageError, match="expected"):
            Threshold(**wrong)
