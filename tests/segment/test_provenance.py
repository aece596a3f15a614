"""Prompts as plain data, for files and for the history."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import PromptError
from napari_medssl.segment import (
    BoxPrompt,
    Plane,
    PointPrompt,
    Prompts,
    SliceResult,
    box_from_source,
    describe_prompts,
    outline_record,
    plain_prompts,
    point_from_source,
    prompts_from_plain,
)
from napari_medssl.volume import Geometry, Volume, Window


@pytest.fixture
def volume() -> Volume:
    """A scan of 8 x 9 x 10 voxels stored as (i to the left, j to the back, k down)."""
    affine = np.diag([1.0, 1.0, -1.0, 1.0])
    return Volume.from_source_array(
        np.zeros((10, 9, 8), np.int16),
        Geometry.from_affine((10, 9, 8), affine),
        name="scan.nii",
        format="nifti",
    )


@pytest.fixture
def marked(volume: Volume) -> Prompts:
    return Prompts(
        (point_from_source(volume, (9, 4, 0), positive=False),),
        (box_from_source(volume, (2, 3, 0, 5, 7, 0)),),
    )


def test_prompts_are_told_as_the_file_counts(volume: Volume, marked: Prompts) -> None:
    told = json.loads(json.dumps(describe_prompts(volume, marked)))
    assert told["points_ijk"] == [{"at": [9, 4, 0], "inside": False}]
    assert told["boxes_ijk"] == [[[2, 3, 0], [5, 7, 0]]]


def test_an_outline_says_where_it_came_from(volume: Volume, marked: Prompts) -> None:
    mask = np.ones((9, 10), bool)
    window, weights = Window(-160, 240), "c0ffee"
    result = SliceResult(Plane(0, 7), mask, 0.87654, 0.4, 0.1, False, "small", window, weights)
    told = json.loads(json.dumps(outline_record(volume, marked, result, 3)))
    assert told == {
        "label": 3,
        "engine": "small",
        "weights_sha256": "c0ffee",
        "confidence": 0.8765,
        "window": [-160, 240],
        **describe_prompts(volume, marked),
    }
    clicked = outline_record(volume, marked, replace(result, points_hash="beef"), 3)
    assert clicked == {**told, "points_sha256": "beef"}


def test_what_a_point_was_taken_to_mean_is_written_down(volume: Volume) -> None:
    prompts = Prompts(
        (PointPrompt((7, 4, 9), reading=2), PointPrompt((7, 5, 1), False, answered=False))
    )
    said = describe_prompts(volume, prompts)["points_ijk"]
    assert [point.get("reading") for point in said] == [3, None], "counted from 1 for people"
    plain = json.loads(json.dumps(plain_prompts({Plane(0, 7): prompts})))
    assert prompts_from_plain(plain) == {Plane(0, 7): prompts}
    plain[0]["points"][0]["reading"] = "two"
    with pytest.raises(PromptError, match="damaged"):
        prompts_from_plain(plain)


_PLACE = st.floats(0, 500, allow_subnormal=False)
_VOXEL = st.integers(0, 500)


@given(
    zyx=st.lists(st.tuples(_PLACE, _PLACE, _PLACE), max_size=4, unique=True),
    box=st.tuples(_VOXEL, _VOXEL, _VOXEL),
    plane=st.builds(Plane, st.integers(0, 2), _VOXEL),
)
def test_plain_prompts_come_back_exactly(
    zyx: list[tuple[float, float, float]], box: tuple[int, int, int], plane: Plane
) -> None:
    z, y, x = box
    boxes = (BoxPrompt((z, y, x), (z, y + 3, x + 4)),)
    prompts = {
        plane: Prompts(tuple(PointPrompt(at) for at in zyx), boxes),
        Plane(0, 501): Prompts(),
    }
    assert prompts_from_plain(json.loads(json.dumps(plain_prompts(prompts)))) == prompts


@pytest.mark.parametrize(
    "damaged",
    [[{}], [{"axis": 0, "index": "x", "points": [], "boxes": []}], [3]],
)
def test_damaged_prompts_are_refused_in_a_sentence(damaged: list) -> None:
    with pytest.raises(PromptError, match="damaged"):
        prompts_from_plain(damaged)
