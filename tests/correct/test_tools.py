"""What holds for every tool."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from shapes import blobs

from napari_medssl.correct import TOOLS, Rules, Tool, run_tool
from napari_medssl.correct.holes import fill_holes
from napari_medssl.correct.interpolate import fill_between
from napari_medssl.correct.islands import keep_largest, remove_small
from napari_medssl.correct.margin import grow, shrink
from napari_medssl.correct.smooth import closing, gaussian, median, opening
from napari_medssl.errors import UsageError
from napari_medssl.segment import Plane

MM = (2.5, 0.7, 0.9)
NAMES = [tool.name for tool in TOOLS]
every_tool = pytest.mark.parametrize("tool", TOOLS, ids=NAMES)


def scene(seed: int, kind: type = np.uint8, shape: tuple[int, int, int] = (9, 12, 14)) -> Any:
    """Label 1 in lumps that touch the edges, labels 2 and 3 among them, and an image."""
    rng = np.random.default_rng(seed)
    labels = np.where(blobs(seed, shape), 1, rng.integers(0, 4, shape) % 4).astype(kind)
    return labels, rng.integers(-100, 300, shape).astype(np.int16)


def run(tool: Tool, labels: np.ndarray, image: np.ndarray, **given: Any) -> Any:
    """Run a tool with all that it may need."""
    inside = np.argwhere(labels == 1)
    plane = given.pop("plane", None)
    if tool.needs == "voxel" and not len(inside):
        return None
    if tool.scope != "volume or slice":
        plane = plane or Plane(0, int(inside[len(inside) // 2][0]) if len(inside) else 0)
    if tool.scope == "slice" and not len(inside):
        return None
    given = {"rules": Rules(), "low": 50, "high": 200, **given}
    settings = {p.name: given[p.name] for p in tool.parameters if p.name in given}
    others = {"label": 2, "mask": blobs(99, labels.shape)}
    return run_tool(
        tool.name,
        labels,
        1,
        MM,
        rules=given["rules"],
        image=image,
        plane=plane,
        voxel=None if tool.needs != "voxel" else tuple(int(v) for v in inside[0]),
        other=others.get(tool.needs or ""),
        new_values=range(50, 200),
        **settings,
    )


@every_tool
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32])
def test_a_tool_makes_one_edit_and_undo_brings_everything_back(tool: Tool, kind: type) -> None:
    changed = 0
    for seed in range(4):
        labels, image = scene(seed, kind)
        if tool.scope == "axis":
            labels[[2, 3, 5]] = 0
        before = labels.copy()
        edit = run(tool, labels, image)
        assert (labels == before).all(), "the tool itself changed the mask"
        if edit is None:
            continue
        edit.apply(labels)
        assert labels.dtype == kind
        assert np.count_nonzero(labels != before) == edit.count
        changed += edit.count
        edit.revert(labels)
        assert (labels == before).all()
    assert changed, "the tool never changed anything"


@every_tool
@pytest.mark.parametrize("seed", range(3))
def test_locked_labels_other_labels_and_the_range_are_left_alone(tool: Tool, seed: int) -> None:
    labels, image = scene(seed)
    for rules in (
        Rules(frozenset({2, 3})),
        Rules(frozenset({3}), overwrite=True, low=0, high=120),
        Rules(low=0),
    ):
        after = labels.copy()
        edit = run(tool, labels, image, rules=rules)
        if edit is not None:
            edit.apply(after)
        gone = labels != after
        assert not (gone & np.isin(labels, list(rules.locked))).any()
        low, high = (math.inf if end is None else end for end in (rules.low, rules.high))
        if rules.has_range:
            assert not (gone & ((image < low) | (image > high))).any()
        if not rules.overwrite and tool.name != "add":
            assert not (gone & ~np.isin(labels, [0, 1])).any()


@every_tool
def test_a_locked_label_is_never_changed(tool: Tool) -> None:
    labels, image = scene(1)
    assert run(tool, labels, image, rules=Rules(frozenset({1}), overwrite=True)) is None


@every_tool
def test_a_label_without_voxels_is_no_trouble(tool: Tool) -> None:
    labels, image = scene(2)
    labels[labels == 1] = 0
    edit = run(tool, labels, image)
    if tool.name in ("add", "threshold"):
        assert edit is not None
    else:
        assert edit is None


@every_tool
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_on_one_slice_nothing_else_changes(tool: Tool, axis: int) -> None:
    if tool.scope == "axis":
        return
    labels, image = scene(3)
    voxel = np.argwhere(labels == 1)[0]
    plane = Plane(axis, max(int(voxel[axis]), 1))
    if tool.needs == "voxel":
        plane = Plane(axis, int(voxel[axis]))
    edit = run(tool, labels, image, plane=plane, mm=3)
    after = labels.copy()
    if edit is not None:
        edit.apply(after)
    plane.view(after)[...] = plane.view(labels)
    assert (after == labels).all()


@every_tool
@pytest.mark.parametrize("shape", [(1, 14, 15), (1, 1, 9), (1, 1, 1)])
def test_pictures_and_single_voxels_are_no_trouble(tool: Tool, shape: tuple[int, int, int]) -> None:
    if tool.scope == "slice":
        return  # there is no neighbour to copy from, which is refused
    for labels in (scene(5, shape=shape)[0], np.ones(shape, np.uint8)):
        before = labels.copy()
        edit = run(tool, labels, np.full(shape, 100, np.int16), plane=None)
        if edit is not None:
            edit.apply(labels)
            edit.revert(labels)
        assert (labels == before).all()


SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "keep-largest": keep_largest,
    "remove-small": lambda mask: remove_small(mask, round(20 / math.prod(MM), 6)),
    "fill-holes": fill_holes,
    "fill-holes-in-slices": lambda mask: fill_holes(mask, across=0),
    "median": lambda mask: median(mask, MM, 4),
    "gaussian": lambda mask: gaussian(mask, MM, 1.6),
    "opening": lambda mask: opening(mask, MM, 4),
    "closing": lambda mask: closing(mask, MM, 4),
    "grow": lambda mask: grow(mask, MM, 3),
    "shrink": lambda mask: shrink(mask, MM, 3),
    "fill-between": lambda mask: fill_between(mask, MM, 0),
}
SETTINGS: dict[str, dict[str, float]] = {
    "remove-small": {"mm3": 20},
    "median": {"mm": 4},
    "gaussian": {"mm": 1.6},
    "opening": {"mm": 4},
    "closing": {"mm": 4},
    "grow": {"mm": 3},
    "shrink": {"mm": 3},
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_working_in_a_box_gives_what_the_whole_scan_gives(name: str, seed: int) -> None:
    """The label lies anywhere in the scan, in a corner of it too, and other labels do not count."""
    mask = np.zeros((14, 30, 31), bool)
    low = [(0, 0, 0), (3, 9, 8), (5, 18, 17), (0, 9, 17)][seed]
    box = tuple(slice(at, at + n) for at, n in zip(low, (9, 12, 14), strict=True))
    mask[box] = blobs(seed)
    if name == "fill-between":
        mask[[4, 5, 7]] = False
    labels = mask.astype(np.uint8) * 5
    labels[:, 29, 0] = 6
    plane = Plane(0, 0) if name in ("fill-between", "fill-holes-in-slices") else None
    edit = run_tool(
        name, labels, 5, MM, plane=plane, rules=Rules(overwrite=True), **SETTINGS.get(name, {})
    )
    if edit is not None:
        edit.apply(labels)
    assert ((labels == 5) == SHAPES[name](mask)).all()


@every_tool
def test_a_row_of_the_table_is_whole(tool: Tool) -> None:
    assert tool.name == tool.name.lower().replace(" ", "-")
    assert tool.title
    assert tool.group
    assert tool.tip.endswith(".")
    for parameter in tool.parameters:
        assert parameter.tip.endswith(".")
        assert parameter.low < parameter.high
        assert parameter.default is None or parameter.check(parameter.default) >= 0


def test_names_are_unique_and_an_unknown_one_is_told() -> None:
    assert len(set(NAMES)) == len(TOOLS)
    with pytest.raises(UsageError, match="keep-largest, remove-small"):
        run_tool("polish", np.zeros((2, 2, 2), np.uint8), 1, MM)


def test_a_real_organ_survives_its_smoothing(shared_data: Path) -> None:
    stored = nib.load(shared_data / "msd-spleen-ct" / "spleen_2_crop_label.nii.gz")
    labels = np.ascontiguousarray(np.asanyarray(stored.dataobj).T.astype(np.uint8))
    spacing = tuple(float(mm) for mm in stored.header.get_zooms()[::-1])
    truth = labels == 1
    specks = np.random.default_rng(0).random(labels.shape) < 0.002
    labels[specks] = 1
    labels[specks & truth] = 0
    for name in ("opening", "closing", "keep-largest", "fill-holes"):
        edit = run_tool(name, labels, 1, (spacing[0], spacing[1], spacing[2]))
        if edit is not None:
            edit.apply(labels)
    found = labels == 1
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.97
