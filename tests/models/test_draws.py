from __future__ import annotations

import numpy as np

from napari_medssl.models.draws import batch_at, draws


def test_the_same_is_drawn_again_and_else_something_other() -> None:
    ways = [
        (0, "box", 0, 0),
        (1, "box", 0, 0),
        (0, "point", 0, 0),
        (0, "box", 1, 0),
        (0, "box", 0, 1),
    ]
    first = [draws(*way).random(3).tolist() for way in ways]
    assert first == [draws(*way).random(3).tolist() for way in ways]
    assert len({tuple(numbers) for numbers in first}) == len(ways)


def test_purposes_do_not_run_into_numbers() -> None:
    assert draws(0, "a 1", 1).random() != draws(0, "a", 11).random()


def test_every_item_has_its_turn_in_each_round() -> None:
    drawn = np.concatenate([batch_at(7, step, 4, 10) for step in range(15)]).reshape(6, 10)
    assert all(sorted(rounds) == list(range(10)) for rounds in drawn.tolist())
    assert len({tuple(rounds) for rounds in drawn.tolist()}) == 6


def test_a_batch_may_be_larger_than_what_there_is() -> None:
    assert sorted(batch_at(0, 3, 6, 2)) == [0, 0, 0, 1, 1, 1]


def test_what_is_to_be_told_apart_is_not_twice_in_a_batch() -> None:
    for step in range(30):
        assert len(set(batch_at(0, step, 4, 5, apart=4))) == 4
        first, second = np.split(np.array(batch_at(0, step, 8, 5, apart=4)), 2)
        assert len(set(first)) == len(set(second)) == 4, "in each of two parts"
    seen = [item for step in range(300) for item in batch_at(0, step, 4, 5, apart=4)]
    assert np.bincount(seen).min() > 200, "240 each, by chance"
    assert batch_at(0, 3, 6, 2, apart=6) == batch_at(0, 3, 6, 2)
