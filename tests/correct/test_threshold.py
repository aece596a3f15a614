from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct import Rules, run_tool
from napari_medssl.errors import UsageError
from napari_medssl.segment import Plane

MM = (1.0, 1.0, 1.0)


@pytest.fixture
def image() -> np.ndarray:
    made: np.ndarray = np.random.default_rng(0).integers(-100, 400, (5, 6, 7)).astype(np.int16)
    return made


def filled(labels: np.ndarray, tool: str, image: np.ndarray, **given: object) -> np.ndarray:
    changed = labels.copy()
    edit = run_tool(tool, labels, 2, MM, image=image, low=50, high=150, **given)  # type: ignore[arg-type]
    if edit is not None:
        edit.apply(changed)
    return changed


def test_intensities_of_the_whole_scan_or_of_one_slice(image: np.ndarray) -> None:
    labels = np.zeros(image.shape, np.uint8)
    labels[0] = 1
    labels[2, 2:4, 2:4] = 2
    inside = (image >= 50) & (image <= 150)
    assert (filled(labels, "threshold", image) == np.where(inside & (labels == 0), 2, labels)).all()
    changed = filled(labels, "threshold", image, plane=Plane(1, 5))
    expected = labels.copy()
    expected[1:, 5][inside[1:, 5]] = 2
    assert (changed == expected).all()
    overwritten = filled(labels, "threshold", image, rules=Rules(overwrite=True))
    assert (overwritten == np.where(inside, 2, labels)).all()


def test_nearby_is_the_box_around_the_label(image: np.ndarray) -> None:
    labels = np.zeros(image.shape, np.uint8)
    labels[1, 2, 3] = labels[3, 4, 6] = 2
    expected = labels.copy()
    box = np.s_[1:4, 2:5, 3:7]
    expected[box][(image[box] >= 50) & (image[box] <= 150)] = 2
    assert (filled(labels, "threshold-nearby", image) == expected).all()
    assert (filled(np.zeros_like(labels), "threshold-nearby", image) == 0).all()


def test_what_is_not_a_number_is_never_filled() -> None:
    image = np.full((2, 3, 3), 100, np.float32)
    image[1] = np.nan
    assert filled(np.zeros(image.shape, np.uint16), "threshold", image).sum() == 2 * 9


def test_a_range_is_needed_and_the_right_way_round(image: np.ndarray) -> None:
    labels = np.zeros(image.shape, np.uint8)
    with pytest.raises(UsageError, match="without low and high"):
        run_tool("threshold", labels, 1, MM, image=image)
    with pytest.raises(UsageError, match="lower end first"):
        run_tool("threshold", labels, 1, MM, image=image, low=2, high=1)
    with pytest.raises(UsageError, match="the image"):
        run_tool("threshold", labels, 1, MM, low=1, high=2)
    with pytest.raises(UsageError, match="grey-scale"):
        run_tool("threshold", labels, 1, MM, image=np.stack([image] * 3), low=1, high=2)
