from __future__ import annotations

import numpy as np

from napari_medssl.segment.clicks import Clicks

PLACES = np.array([[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]], np.float32)
SIGNS = np.array([True, False, True])


def clicks(*readings: int) -> Clicks:
    return Clicks(PLACES, SIGNS, np.array(readings), np.ones(3, bool))


def test_places_are_told_apart_by_their_sign() -> None:
    some = Clicks.at(PLACES, SIGNS)
    assert len(some) == 3
    assert some.inside.tolist() == [[1.5, 2.5], [5.5, 6.5]]
    assert some.outside.tolist() == [[3.5, 4.5]]
    assert some.reading == 0


def test_before_the_last_click_its_reading_was_another() -> None:
    before = clicks(2, 0, 3).before
    assert before.xy.tolist() == PLACES[:2].tolist()
    assert before.readings.tolist() == [2, 0]


def test_before_a_click_there_is_what_was_answered() -> None:
    at_once = Clicks.at(PLACES, SIGNS, at_once=True)
    assert len(at_once.before) == 0
    first = Clicks(PLACES, SIGNS, np.zeros(3, np.intp), np.array([True, False, True]))
    assert first.before.xy.tolist() == PLACES[:1].tolist()


def test_some_clicks_keep_what_they_were_taken_to_mean() -> None:
    some = clicks(2, 1, 3).where(np.array([True, True, False]))
    assert some.readings.tolist() == [2, 1]
    assert len(clicks(2, 1, 3).where(np.zeros(3, bool))) == 0


def test_the_last_reading_is_not_part_of_the_question() -> None:
    assert clicks(1, 0, 0).question == clicks(1, 0, 2).question
    assert clicks(1, 0, 0).question != clicks(0, 0, 0).question
    other = Clicks(PLACES, ~SIGNS, np.array([1, 0, 0]), np.ones(3, bool))
    assert clicks(1, 0, 0).question != other.question
