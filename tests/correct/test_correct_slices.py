from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct import Rules, run_tool
from napari_medssl.errors import UsageError
from napari_medssl.segment import Plane

MM = (1.0, 1.0, 1.0)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("tool", "step"), [("copy-previous", -1), ("copy-next", 1)])
def test_a_slice_becomes_as_its_neighbour(axis: int, tool: str, step: int) -> None:
    labels = np.random.default_rng(axis).integers(0, 3, (4, 5, 6)).astype(np.uint16)
    here, there = Plane(axis, 2), Plane(axis, 2 + step)
    expected = labels.copy()
    now, wanted = here.view(expected), there.view(labels) == 1
    now[(now == 1) & ~wanted] = 0
    now[(now == 0) & wanted] = 1
    edit = run_tool(tool, labels, 1, MM, plane=here)
    assert edit is not None
    edit.apply(labels)
    assert (labels == expected).all()


def test_locked_labels_stay() -> None:
    labels = np.array([[[1, 1]], [[2, 0]]], np.uint8)
    rules = Rules(frozenset({2}), overwrite=True)
    edit = run_tool("copy-previous", labels, 1, MM, plane=Plane(0, 1), rules=rules)
    assert edit is not None
    edit.apply(labels)
    assert labels.ravel().tolist() == [1, 1, 2, 1]


def test_nothing_to_copy_is_said_and_never_erases() -> None:
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[1] = 1
    with pytest.raises(UsageError, match="nothing of label 1"):
        run_tool("copy-previous", labels, 1, MM, plane=Plane(0, 1))
    with pytest.raises(UsageError, match="beyond the last slice"):
        run_tool("copy-previous", labels, 1, MM, plane=Plane(0, 0))
    with pytest.raises(UsageError, match="beyond the last slice"):
        run_tool("copy-next", labels, 1, MM, plane=Plane(2, 4))
    with pytest.raises(UsageError, match="the slice to work on"):
        run_tool("copy-next", labels, 1, MM)
