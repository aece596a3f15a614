from __future__ import annotations

from dataclasses import replace

import numpy as np
from bright_ball import WINDOW, ball, dice, made, segmenter

from napari_medssl.segment import Plane
from napari_medssl.segment.growing import GrownMask, GrownSlice, grow, grow_in_all_planes
from napari_medssl.volume import Volume


def vote(volume: Volume, index: int) -> list[GrownSlice]:
    given = {Plane(0, index): volume.array[index] > 50}
    return list(grow_in_all_planes(segmenter(), volume, given, WINDOW))


def test_three_planes_are_looked_at_and_the_vote_comes_last() -> None:
    volume = ball()
    seen = vote(volume, 12)
    assert {one.plane.axis for one in seen} == {0, 1, 2}
    whole = GrownMask(volume.geometry.shape, 0)
    for one in seen:
        whole.take(one)
    assert dice(whole.array, volume.array > 50) > 0.93
    np.testing.assert_array_equal(whole.array[12], volume.array[12] > 50)
    given = {Plane(0, 12): volume.array[12] > 50}
    first = list(grow(segmenter(), volume, given, WINDOW))
    assert [one.plane for one in seen[: len(first)]] == [one.plane for one in first]


def test_planes_across_the_frames_of_a_film_have_no_vote() -> None:
    film = replace(ball(), stack="time")
    assert film.frame_axis == 0
    assert {one.plane.axis for one in vote(film, 12)} == {0}


def test_a_volume_of_one_slice_has_no_other_planes_to_ask() -> None:
    assert [one.given for one in vote(made(ball().array[12:13]), 0)] == [True]
