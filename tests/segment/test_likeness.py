from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.segment.likeness import distance, features_of
from napari_medssl.volume import Geometry, Pipeline, Volume


def scan(seed: int, *, mean: float = 100, noise: float = 10, mm: float = 1, shape=(8, 9, 10)):
    array = np.random.default_rng(seed).normal(mean, noise, shape).astype(np.float32)
    grid = Geometry(shape[-3:], (mm, 1.0, 1.0))
    volume = Volume.from_source_array(array, grid, name="a", format="made")
    return features_of(volume, Pipeline())


LEARNED = [scan(seed) for seed in range(4)]


def test_one_like_the_others_is_near_and_any_other_is_far() -> None:
    near = distance(scan(10), LEARNED)
    assert near < 1.5
    others = {
        "brighter": scan(10, mean=200),
        "noisier": scan(10, noise=40),
        "thick": scan(10, mm=5),
        "larger": scan(10, shape=(30, 9, 10)),
    }
    for words, other in others.items():
        assert distance(other, LEARNED) > 2 * near, words


def test_it_is_measured_in_what_was_learned_from() -> None:
    spread = [(float(n), 0.0) for n in range(-2, 3)]
    grey = [(*[0.0] * 6, *row) for row in spread]
    far = distance((*[0.0] * 6, 2 * np.sqrt(2), 0.0), grey)
    assert far == pytest.approx(np.sqrt(2**2 / 8))


def test_one_case_and_none_are_no_error() -> None:
    assert distance(LEARNED[0], LEARNED[:1]) == 0
    assert 0 < distance(LEARNED[1], LEARNED[:1]) < 5
    assert distance(LEARNED[0], []) == 0


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 5), (4, 4, 1), (3, 4, 5, 6)])
def test_all_shapes_and_values_give_as_many_numbers(shape: tuple[int, ...]) -> None:
    grid = Geometry(shape[-3:])
    for array in (np.zeros(shape, np.uint8), np.full(shape, np.nan, np.float32)):
        volume = Volume.from_source_array(array, grid, name="a", format="made")
        found = features_of(volume, Pipeline())
        assert len(found) == len(LEARNED[0])
        assert np.isfinite(found).all()
        assert np.isfinite(distance(found, [found]))
