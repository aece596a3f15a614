from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.pretrain.pseudo.otsu import otsu_threshold


def within(grey, threshold: float) -> float:
    """The classes' variances, each as often as it occurs, by hand."""
    classes = [grey[grey <= threshold], grey[grey > threshold]]
    return sum(((c - c.mean()) ** 2).sum() for c in classes if len(c))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_level_parts_the_image_better(seed):
    random = np.random.default_rng(seed)
    parts = [random.normal(60, 20, 300), random.normal(150, 30, 100)]
    grey = np.clip(np.concatenate(parts), 0, 255).astype(np.uint8).reshape(20, 20)
    levels = grey.astype(float)
    least = min(within(levels, t) for t in range(grey.min(), grey.max()))
    assert within(levels, otsu_threshold(grey)) == pytest.approx(least)


def test_a_constant_image_has_its_level():
    assert otsu_threshold(np.full((3, 3), 7, np.uint8)) == 7
