from __future__ import annotations

import numpy as np
import pytest
from bright_engine import BrightEngine

from napari_medssl.models.promptable import Embedding
from napari_medssl.segment.growing.looks import Look
from napari_medssl.segment.growing.rules import GrowRules
from napari_medssl.segment.growing.shapes import depth_mm
from napari_medssl.segment.growing.step import find_near, grey_of
from napari_medssl.segment.slices import SlicePicture


def picture(mask: np.ndarray) -> SlicePicture:
    return SlicePicture(np.stack([np.where(mask, 220, 30).astype(np.uint8)] * 3, -1), (1.0, 1.0))


def disk(row: int, column: int, radius: int) -> np.ndarray:
    rows, columns = np.ogrid[:80, :90]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


@pytest.mark.parametrize("points", [False, True])
@pytest.mark.parametrize("network", [0.0, 0.25])
def test_an_object_that_has_moved_and_shrunk_is_found(network: float, points: bool) -> None:
    before, now = disk(40, 40, 14), disk(43, 42, 11)
    engine, shown = BrightEngine(points=points), picture(now)
    depth = depth_mm(before, (1.0, 1.0))
    look = Look.of(grey_of(picture(before)), depth, 10)

    def embed() -> Embedding:
        return engine.encode(shown.image)

    found = find_near(shown, embed, engine, depth, look, 2.0, GrowRules(network=network))
    assert np.count_nonzero(found.mask ^ now) < 0.03 * np.count_nonzero(now)
    assert len(engine.encoded) == (network > 0)
    assert found.likeness > 0.8


def test_a_part_that_lies_elsewhere_is_not_taken() -> None:
    before = disk(40, 30, 12)
    shown = picture(before | disk(40, 62, 6))
    engine, depth = BrightEngine(), depth_mm(before, (1.0, 1.0))
    look = Look.of(grey_of(picture(before)), depth, 10)
    found = find_near(
        shown, lambda: engine.encode(shown.image), engine, depth, look, 4.0, GrowRules()
    )
    assert not found.mask[40, 62]


def test_where_nothing_is_left_nothing_is_found() -> None:
    before = disk(40, 40, 4)
    engine, depth = BrightEngine(), depth_mm(before, (1.0, 1.0))
    look = Look.of(grey_of(picture(before)), depth, 10)
    shown = picture(disk(5, 5, 2))
    found = find_near(
        shown, lambda: engine.encode(shown.image), engine, depth, look, 1.0, GrowRules()
    )
    assert not found.mask.any()
    assert found.score == 0
