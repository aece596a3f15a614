from __future__ import annotations

from dataclasses import replace

import pytest
from bright_engine import BrightEngine

from napari_medssl.errors import UsageError
from napari_medssl.segment import EverythingSettings


def test_boxes_and_points_have_their_own_thresholds() -> None:
    boxes = EverythingSettings.for_engine(BrightEngine())
    points = EverythingSettings.for_engine(BrightEngine(points=True))
    assert boxes.least_stability < points.least_stability
    assert replace(boxes, least_stability=points.least_stability) == points


@pytest.mark.parametrize(
    "given",
    [
        {"least_score": 1.1},
        {"least_stability": -0.1},
        {"most_alike": float("nan")},
        {"points_per_side": 0},
        {"points_per_side": 1000},
        {"box_sides": ()},
        {"box_sides": (0.1, 2.0)},
        {"box_step": 0.0},
        {"least_area_mm2": -1.0},
        {"least_slices": 0},
    ],
)
def test_what_is_out_of_range_is_refused(given: dict) -> None:
    with pytest.raises(UsageError):
        replace(EverythingSettings(), **given)
