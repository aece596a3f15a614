from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct import Rules, run_tool
from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.segment import Plane

MM = (1.0, 1.0, 1.0)
SHAPE = (4, 6, 7)


@pytest.fixture
def labels() -> np.ndarray:
    made: np.ndarray = np.random.default_rng(0).integers(0, 4, SHAPE).astype(np.uint8)
    return made


@pytest.fixture
def mask() -> np.ndarray:
    made: np.ndarray = np.random.default_rng(1).random(SHAPE) < 0.4
    return made


def after(labels: np.ndarray, tool: str, **given: object) -> np.ndarray:
    changed = labels.copy()
    edit = run_tool(tool, labels, 1, MM, **given)  # type: ignore[arg-type]
    if edit is not None:
        edit.apply(changed)
    return changed


def test_another_label_becomes_this_one_and_no_third(labels: np.ndarray) -> None:
    changed = after(labels, "add", other=2)
    assert (changed == np.where(labels == 2, 1, labels)).all()


def test_a_locked_label_keeps_its_voxels(labels: np.ndarray) -> None:
    assert (after(labels, "add", other=2, rules=Rules(frozenset({2}))) == labels).all()


def test_another_mask_fills_background_only_unless_told(
    labels: np.ndarray, mask: np.ndarray
) -> None:
    changed = after(labels, "add", other=mask)
    assert (changed == np.where(mask & (labels == 0), 1, labels)).all()
    changed = after(labels, "add", other=mask, rules=Rules(overwrite=True))
    assert (changed == np.where(mask, 1, labels)).all()
    assert (after(labels, "add", other=np.zeros(SHAPE, bool)) == labels).all()


def test_intersect_subtract_and_clear(labels: np.ndarray, mask: np.ndarray) -> None:
    one = labels == 1
    assert (after(labels, "intersect", other=mask) == np.where(one & ~mask, 0, labels)).all()
    assert (after(labels, "subtract", other=mask) == np.where(one & mask, 0, labels)).all()
    assert (after(labels, "clear") == np.where(one, 0, labels)).all()


def test_numbers_of_a_mask_mean_inside(labels: np.ndarray, mask: np.ndarray) -> None:
    numbers = mask.astype(np.uint16) * 9
    assert (after(labels, "subtract", other=numbers) == after(labels, "subtract", other=mask)).all()


@pytest.mark.parametrize("tool", ["add", "intersect", "subtract", "clear"])
@pytest.mark.parametrize("plane", [Plane(0, 3), Plane(1, 0), Plane(2, 4)])
def test_one_slice_only(labels: np.ndarray, mask: np.ndarray, tool: str, plane: Plane) -> None:
    whole, one = after(labels, tool, other=mask), after(labels, tool, other=mask, plane=plane)
    expected = labels.copy()
    plane.view(expected)[...] = plane.view(whole)
    assert (one == expected).all()
    assert (one != labels).any()


@pytest.mark.parametrize("tool", ["intersect", "subtract"])
def test_labels_of_one_map_never_overlap(labels: np.ndarray, tool: str) -> None:
    with pytest.raises(UsageError, match="never overlap"):
        run_tool(tool, labels, 1, MM, other=2)


@pytest.mark.parametrize("other", [None, 0, 1])
def test_a_label_cannot_be_added_to_itself(labels: np.ndarray, other: int | None) -> None:
    with pytest.raises(UsageError, match="another label"):
        run_tool("add", labels, 1, MM, other=other)


def test_another_grid_is_refused(labels: np.ndarray) -> None:
    with pytest.raises(GeometryError):
        run_tool("add", labels, 1, MM, other=np.ones((4, 6, 8), bool))
