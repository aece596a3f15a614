from __future__ import annotations

import math

import pytest

from napari_medssl.finetune.volumes.schedules import Cosine, Plateau


@pytest.mark.parametrize(("warm", "least"), [(0.0, 0.0), (0.1, 0.05), (0.25, 0.9)])
def test_a_wave_is_the_one_written_out(warm, least):
    steps = 40
    rising = int(warm * steps)
    for step in range(steps):
        if step < rising:
            expected = (step + 1) / rising
        else:
            turn = math.pi * (step - rising) / (steps - rising)
            expected = least + (1 - least) * (1 + math.cos(turn)) / 2
        assert Cosine(warm, least).share_at(step, steps) == pytest.approx(expected)


def test_ours_rises_for_a_twentieth_and_a_hundred_steps_at_most():
    ours = Cosine()
    assert ours.share_at(1, 60) == pytest.approx(2 / 3)
    assert ours.share_at(99, 10_000) == 1.0
    assert ours.share_at(0, 1) == 1.0


@pytest.mark.parametrize(("steps", "every"), [(6, 1), (100, 2), (1000, 20), (20_000, 100)])
def test_it_is_looked_fifty_times_or_as_often_as_the_paper_does(steps, every):
    assert Plateau(0.5, 3, "held-out", epochs=200).every(steps) == every
