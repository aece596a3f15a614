from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_medssl.correct.target import Target
from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.segment import Plane

LABELS = np.zeros((3, 4, 5), np.uint8)
LABELS[1, 1:3, 2:5] = 4


def target(**given: Any) -> Target:
    return Target(**{"labels": LABELS, "value": 4, "spacing_mm": (2.0, 0.5, 0.5), **given})


def test_bounds_on_the_scan_and_on_a_slice() -> None:
    assert target().bounds == (slice(1, 2), slice(1, 3), slice(2, 5))
    assert target(plane=Plane(2, 3)).bounds == (slice(1, 2), slice(1, 3), slice(3, 4))
    assert target(plane=Plane(0, 0)).bounds is None
    assert target(value=5).bounds is None


def test_a_tool_sees_the_label_with_a_rim() -> None:
    seen: list[np.ndarray] = []

    def look(mask: np.ndarray) -> np.ndarray:
        seen.append(mask)
        return mask

    assert target().reshape(look) is None
    assert target().reshape(look, reach_mm=1.0) is None
    assert target(plane=Plane(0, 1)).reshape(look, reach_mm=9) is None
    assert [mask.shape for mask in seen] == [(3, 4, 4), (3, 4, 5), (1, 4, 5)]
    assert all(mask.sum() == 6 for mask in seen)


def test_a_volume_in_voxels() -> None:
    assert target().voxels(1.0) == 2.0
    assert target(spacing_mm=(0.1, 0.1, 0.1)).voxels(0.3) == 300.0


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"value": 0}, UsageError),
        ({"value": 256}, UsageError),
        ({"spacing_mm": (1.0, 0.0, 1.0)}, UsageError),
        ({"spacing_mm": (1.0, float("nan"), 1.0)}, UsageError),
        ({"labels": LABELS[0]}, GeometryError),
        ({"plane": Plane(0, 3)}, GeometryError),
        ({"plane": Plane(1, -1)}, GeometryError),
        ({"voxel": (0, 4, 0)}, GeometryError),
        ({"voxel": (-1, 0, 0)}, GeometryError),
        ({"other": np.zeros((3, 4, 6), bool)}, GeometryError),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        target(**given)
