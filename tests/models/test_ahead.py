from __future__ import annotations

import threading

import pytest

from napari_medssl.models.ahead import Ahead


def test_the_next_one_is_made_while_the_last_one_is_used():
    made, reached = [], threading.Event()

    def make(number):
        made.append(number)
        if number == 1:
            reached.set()
        return number * 10

    ahead = Ahead(make, lambda number: (number + 1,))
    assert ahead.at(0) == 0
    assert reached.wait(10)
    assert [ahead.at(n) for n in (1, 2, 7)] == [10, 20, 70]
    ahead.close()
    assert made.count(1) == made.count(2) == made.count(7) == 1


def test_what_fails_fails_where_it_is_asked_for():
    def make(number):
        if number == 1:
            raise ValueError("no")
        return number

    ahead = Ahead(make, lambda number: (number + 1,))
    assert ahead.at(0) == 0
    with pytest.raises(ValueError, match="no"):
        ahead.at(1)
    ahead.close()
