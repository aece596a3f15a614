from __future__ import annotations

import math

import numpy as np
import pytest

from napari_medssl.pretrain.learning.schedules import (
    cosine,
    linear,
    teacher_momentum,
    teacher_temperature,
    warm_up_cosine,
)


def test_a_cosine_goes_from_end_to_end_slowly_at_both():
    curve = [cosine(n, 101, 5.0, 1.0) for n in range(101)]
    wanted = 1 + 4 * (1 + np.cos(np.linspace(0, math.pi, 101))) / 2
    assert curve == pytest.approx(wanted.tolist())
    assert cosine(1000, 101, 5.0, 1.0) == pytest.approx(1)
    assert cosine(0, 1, 5.0, 1.0) == 5


def test_a_rate_rises_straight_and_falls_along_a_cosine():
    rates = [warm_up_cosine(n, 20, 1.0, warm_up=5, end=0.1) for n in range(20)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[5] == pytest.approx(1)
    assert rates[19] == pytest.approx(0.1)
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert warm_up_cosine(0, 10, 1.0) == 1


def test_a_warm_up_longer_than_the_run_is_no_fault():
    assert warm_up_cosine(3, 4, 1.0, warm_up=8) == pytest.approx(0.5)


def test_a_teacher_follows_less_and_less_over_the_whole_run():
    """By the run's step: one counted from each epoch's start would never rise."""
    momenta = [teacher_momentum(n, 1000) for n in range(1000)]
    assert momenta[0] == pytest.approx(0.996)
    assert momenta[-1] == 1
    assert momenta == sorted(momenta)
    assert momenta[500] == pytest.approx(0.998, abs=1e-5)


def test_a_temperature_may_be_held_before_it_rises():
    held = [teacher_temperature(n, 30, held=30) for n in (0, 29, 30, 45, 60, 99)]
    assert held == pytest.approx([0.04, 0.04, 0.04, 0.055, 0.07, 0.07])
    assert teacher_temperature(15, 30) == pytest.approx(0.055)
    assert teacher_temperature(0, 0) == pytest.approx(0.07)


def test_straight_lines_stay_where_they_end():
    assert [linear(n, 4, 0.0, 8.0) for n in (-1, 0, 1, 4, 9)] == [0, 0, 2, 8, 8]
