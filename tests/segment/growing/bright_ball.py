"""A bright ball in a dark volume of thick slices, and a segmenter that sees what is bright."""

from __future__ import annotations

import numpy as np
from bright_engine import BrightEngine

from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter
from napari_medssl.volume import Geometry, Volume, Window

WINDOW = Window(0, 100)
SPACING = (3.0, 1.0, 1.0)


def ball(shape: tuple[int, int, int] = (24, 60, 64)) -> Volume:
    """A ball of 20 mm around the middle, with a little noise."""
    middle = [(n - 1) / 2 for n in shape]
    places = np.indices(shape)
    away = sum(((p - m) * s) ** 2 for p, m, s in zip(places, middle, SPACING, strict=True))
    noise = np.random.default_rng(0).integers(0, 20, shape)
    return made(np.where(away <= 20**2, 80, 0) + noise)


def made(array: np.ndarray) -> Volume:
    """A volume of voxels (z, y, x) on a grid of 3 x 1 x 1 mm."""
    stored = Geometry(array.shape[::-1], SPACING[::-1], direction=np.eye(3).tolist())
    return Volume.from_source_array(
        np.ascontiguousarray(array.T.astype(np.int16)), stored, name="ball", format="made"
    )


def segmenter() -> InteractiveSegmenter:
    """Outlines what is bright in a box."""
    return InteractiveSegmenter(BrightEngine(), EmbeddingCache(None))


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))
