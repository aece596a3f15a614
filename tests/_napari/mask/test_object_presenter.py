"""From object to object, without a window or napari."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import Bench, make_volume


@pytest.fixture
def bench():
    """A mask with a large and a small island of label 1, and one of label 2."""
    bench = Bench(make_volume()).start()
    mask = bench.scene.start_mask()
    bench.scene.voxels.paint(mask, np.s_[1:4, 2:7, 2:7], 1)
    bench.scene.voxels.paint(mask, np.s_[5:6, 15:16, 3:4], 1)
    bench.scene.voxels.paint(mask, np.s_[0:1, 10:13, 20:23], 2)
    return bench


def go(bench, by=1) -> None:
    bench.panel.objects.step(by)
    bench.work.answer_all()


def test_each_is_shown_with_its_label_and_size_and_drawn_with(bench):
    go(bench)
    assert bench.said[-1] == "Object 1 of 3: 'Label 1', 0.45 ml."
    go(bench)
    go(bench)
    assert bench.scene.gone_to == [(2, 4, 4), (5, 15, 3), (0, 11, 21)]
    assert bench.said[-1] == "Object 3 of 3: 'Label 2', 0.05 ml."
    assert bench.panel.labels.current == 2
    go(bench, -1)
    assert bench.panel.labels.current == 1


def test_they_are_looked_for_once_until_the_mask_changes(bench):
    go(bench)
    bench.panel.objects.step(1)
    assert bench.work.jobs == []
    bench.scene.voxels.paint(bench.scene.mask, np.s_[5:6, 15:16, 3:4], 0, "Eraser")
    bench.panel.objects.step(1)
    assert len(bench.work.jobs) == 1
    bench.work.answer_all()
    assert bench.said[-1] == "Object 2 of 2: 'Label 2', 0.05 ml."


def test_a_key_pressed_twice_goes_two_further_though_they_are_looked_for_still(bench):
    bench.panel.objects.step(1)
    bench.panel.objects.step(1)
    bench.work.answer_all()
    assert bench.scene.gone_to == [(5, 15, 3)]


def test_without_anything_drawn_it_says_so():
    bench = Bench(make_volume()).start()
    go(bench)
    assert "no mask yet" in bench.said[-1]
    bench.scene.start_mask()
    bench.panel.mask_changed()
    go(bench)
    assert "empty" in bench.said[-1]
    assert bench.scene.gone_to == []
