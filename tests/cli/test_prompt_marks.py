from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.cli.prompt_marks import Marks
from napari_medssl.errors import PromptError, UsageError
from napari_medssl.volume import Geometry, Volume

STORED = (50, 40, 8)  # (i, j, k), as the file has them


@pytest.fixture
def scan() -> Volume:
    array = np.zeros(STORED, np.int16)
    where = Geometry(STORED, (1.0, 1.0, 3.0), direction=np.eye(3).tolist())
    return Volume.from_source_array(array, where, name="scan", format="made")


def test_every_kind_of_mark_becomes_prompts_in_the_scan_s_own_voxels(scan: Volume) -> None:
    marks = Marks.read(
        ["10,12,3", "1,2,3,-"],
        ["4,5,3,20,30,3"],
        ["10,10,3;14,10,3", "30,30,3;-"],
        ["5,5,3;5,15,3;25,15,3;25,5,3"],
    )
    prompts = marks.on(scan, None)
    at = [(tuple(scan.index_to_source(p.zyx)), p.positive) for p in prompts.points]
    assert at[:2] == [((10, 12, 3), True), ((1, 2, 3), False)]
    assert ((10, 10, 3), True) in at
    assert ((14, 10, 3), True) in at
    assert ((30, 30, 3), False) in at
    assert len(prompts.boxes) == 2
    assert {voxel[0] for voxel in prompts.voxels} == {3}


def test_the_last_point_says_which_reading_is_meant(scan: Volume) -> None:
    scribble = ["10,10,3;14,10,3"]
    for typed in ((["10,12,3", "1,2,3,-"], [], []), (["10,12,3"], [], scribble)):
        *before, last = Marks.read(*typed, [], 3).on(scan, None).points
        assert last.reading == 2
        assert not any(point.reading for point in before)
    for points, reading, words in ((["1,2,3"], 0, "--reading 0"), ([], 2, "without --point")):
        with pytest.raises(UsageError, match=words):
            Marks.read(points, ["4,5,3,20,30,3"], [], [], reading)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (([], [], [], []), "no --point"),
        ((["1,2"], [], [], []), "the point '1,2'"),
        (([], ["1,2,3"], [], []), "the box"),
        (([], [], ["1,2;3"], []), "the scribble"),
        (([], [], ["-"], []), "the scribble"),
        (([], [], [], ["a,b,c"]), "the lasso"),
    ],
)
def test_what_is_typed_wrong_is_said(typed: tuple[list[str], ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Marks.read(*typed)


def test_a_scribble_lies_on_one_slice(scan: Volume) -> None:
    with pytest.raises(PromptError, match="a scribble across 2 axial slices"):
        Marks.read([], [], ["1,2,3;1,2,4"], []).on(scan, None)
