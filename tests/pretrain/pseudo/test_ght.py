from __future__ import annotations

import math

import numpy as np
import pytest

from napari_medssl.pretrain.pseudo.ght import ght_threshold
from napari_medssl.pretrain.pseudo.otsu import otsu_threshold

SETTINGS = [
    {"nu": 50.0, "tau": 10.0},
    {"nu": 200.0, "tau": 3.0, "kappa": 100.0, "omega": 0.2},
    {"nu": 1.0, "tau": 20.0, "kappa": 5.0, "omega": 0.8},
]


def picture(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    parts = [random.normal(70, 12, 300), random.normal(160, 35, 75)]
    return np.clip(np.concatenate(parts), 0, 255).astype(np.uint8).reshape(25, 15)


def score(grey, cut, nu=0.0, tau=0.0, kappa=0.0, omega=0.5) -> float:
    """What Barron maximises, from the pixels of both classes."""
    levels = grey.ravel().astype(float)
    total = 0.0
    for pixels, prior in ((levels[levels <= cut], omega), (levels[levels > cut], 1 - omega)):
        w, mean = len(pixels), pixels.mean()
        d = sum((x - mean) ** 2 for x in pixels)
        belief = w / len(levels) * nu
        variance = (belief * tau**2 + d) / (belief + w)
        total += -d / variance - w * math.log(variance) + 2 * (w + kappa * prior) * math.log(w)
    return total


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", range(3))
def test_no_other_level_scores_higher(settings, seed):
    grey = picture(seed)
    scores = [score(grey, t, **settings) for t in range(int(grey.min()), int(grey.max()))]
    found = ght_threshold(grey, **settings)
    assert score(grey, math.floor(found), **settings) == pytest.approx(max(scores))


def test_minimum_error_is_its_default():
    """Kittler and Illingworth: least sum of weight log deviation less weight log weight."""
    grey = picture(3)
    levels = grey.ravel().astype(float)

    def error(cut):
        classes = [levels[levels <= cut], levels[levels > cut]]
        return sum(len(c) * (math.log(c.std()) - math.log(len(c))) for c in classes)

    inner = np.unique(grey)[2:-2]  # classes of one level have no deviation
    found = ght_threshold(grey)
    assert error(found) <= min(error(t) for t in inner) + 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_its_limits_are_otsu_and_a_percentile(seed):
    grey = picture(seed)
    otsu = ght_threshold(grey, nu=1e30, tau=0.01)
    assert np.array_equal(grey > otsu, grey > otsu_threshold(grey))
    for omega in (0.2, 0.5, 0.8):
        cut = ght_threshold(grey, nu=1e-3, tau=1.0, kappa=1e9, omega=omega)
        assert np.mean(grey <= cut) == pytest.approx(omega, abs=0.02)


def test_pictures_of_one_or_two_levels_have_a_threshold():
    flat = np.full((4, 4), 9, np.uint8)
    assert 0 <= ght_threshold(flat) <= 254
    two = np.array([[10, 10, 200, 200]], np.uint8)
    assert ((two > ght_threshold(two)) == [[False, False, True, True]]).all()
