from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from bright_ball import WINDOW, ball, dice, made, segmenter

from napari_medssl.errors import OutOfMemoryError, PromptError
from napari_medssl.segment import Plane
from napari_medssl.segment.growing import ASKED, GrownMask, GrowRules, grow
from napari_medssl.volume import Volume


def outlines(volume: Volume, axis: int, *indices: int) -> dict[Plane, np.ndarray]:
    return {Plane(axis, n): Plane(axis, n).view(volume.array) > 50 for n in indices}


def grown(volume: Volume, given: dict[Plane, np.ndarray], **rules: float) -> GrownMask:
    axis = next(iter(given)).axis
    whole = GrownMask(volume.geometry.shape, axis)
    for one in grow(segmenter(), volume, given, WINDOW, GrowRules(**rules)):
        whole.take(one)
    return whole


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("network", [0.0, ASKED])
def test_one_outline_becomes_the_whole_ball_and_ends_where_it_ends(
    axis: int, network: float
) -> None:
    volume = ball()
    given = outlines(volume, axis, volume.geometry.shape[axis] // 2)
    whole = grown(volume, given, network=network)
    assert dice(whole.array, volume.array > 50) > 0.93
    first, last = whole.slices
    others = tuple(a for a in range(3) if a != axis)
    there = np.flatnonzero((volume.array > 50).any(axis=others))
    assert abs(first - there[0]) <= 2
    assert abs(last - there[-1]) <= 2


def test_between_two_outlines_the_object_is_found_on_every_slice() -> None:
    volume = ball()
    given = outlines(volume, 0, 7, 16)
    whole = grown(volume, given)
    assert set(range(7, 17)) <= whole.scores.keys()
    assert whole.given == {7, 16}
    for plane, mask in given.items():
        np.testing.assert_array_equal(plane.view(whole.array), mask)
    assert dice(whole.array, volume.array > 50) > 0.95


def test_nothing_is_computed_before_it_is_asked_for_and_the_nearest_come_first() -> None:
    volume, looking = ball(), segmenter()
    slices = grow(looking, volume, outlines(volume, 0, 12), WINDOW, GrowRules(network=ASKED))
    assert looking.engine.encoded == []
    first = list(islice(slices, 3))
    assert [one.plane.index for one in first] == [12, 11, 13]
    assert [one.given for one in first] == [True, False, False]
    assert len(looking.engine.encoded) == 2


def test_without_the_network_nothing_is_embedded() -> None:
    volume, looking = ball(), segmenter()
    given = outlines(volume, 0, 12)
    list(grow(looking, volume, given, WINDOW, GrowRules(network=0)))
    assert looking.engine.encoded == []


def test_an_empty_outline_ends_the_object() -> None:
    volume = ball()
    given = outlines(volume, 0, 12)
    given[Plane(0, 14)] = np.zeros_like(given[Plane(0, 12)])
    assert grown(volume, given).slices[1] == 13


def test_an_empty_outline_between_two_parts_them() -> None:
    volume = ball()
    given = outlines(volume, 0, 9, 14)
    given[Plane(0, 11)] = np.zeros_like(given[Plane(0, 9)])
    assert 11 not in grown(volume, given).scores


def test_a_slice_that_shows_nothing_ends_it_and_is_bridged_between_two() -> None:
    array = ball().array.copy()
    array[14] = 0
    volume = made(array)
    assert grown(volume, outlines(volume, 0, 12)).slices[1] == 13
    bridged = grown(volume, outlines(volume, 0, 12, 16))
    assert bridged.array[14].any()
    assert bridged.scores[14] == 0
    assert bridged.least_sure == 14


def test_a_volume_of_one_slice_has_nowhere_to_go() -> None:
    volume = made(ball().array[12:13])
    whole = grown(volume, outlines(volume, 0, 0))
    assert whole.found == ()
    assert whole.least_sure is None


def test_it_is_followed_to_the_end_of_two_thousand_slices() -> None:
    array = np.zeros((2000, 16, 16))
    array[:, 4:12, 4:12] = 80
    volume = made(array)
    whole = grown(volume, outlines(volume, 0, 1970) | {Plane(0, 1900): np.zeros((16, 16), bool)})
    assert whole.slices == (1901, 1999)


def test_it_does_not_run_out_into_what_looks_the_same() -> None:
    """A plate as bright as the ball lies against its lower end."""
    array = ball().array.copy()
    array[18:] = 90
    array[:, :2] = 0
    volume = made(array)
    whole = grown(volume, outlines(volume, 0, 12))
    assert whole.slices[1] < 23


def test_what_cannot_be_grown_is_one_sentence() -> None:
    volume = ball()
    with pytest.raises(PromptError, match="no outline to grow from"):
        next(grow(segmenter(), volume, {}, WINDOW))
    two = outlines(volume, 0, 12) | outlines(volume, 1, 30)
    with pytest.raises(PromptError, match="different planes"):
        next(grow(segmenter(), volume, two, WINDOW))


def test_no_memory_for_an_embedding_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    volume, looking = ball(), segmenter()

    def full(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 4 GB")

    monkeypatch.setattr(looking.engine, "encode", full)
    with pytest.raises(OutOfMemoryError, match="axial slice 11"):
        list(grow(looking, volume, outlines(volume, 0, 12), WINDOW, GrowRules(network=ASKED)))
