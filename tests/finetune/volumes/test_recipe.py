from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from bright_cases import PLAN, Told, plan_with, prepared_cases

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.recipe import STATE, Lesson, teach
from napari_medssl.io import atomic_write
from napari_medssl.models.networks.network import build_network


class Killed(Exception):  # noqa: N818
    """Stands for kill -9: nothing after it is done."""


def network_of(plan):
    torch.manual_seed(plan.seed)
    return build_network(plan.network, dimensions=3, in_channels=1, classes=3, **plan.arguments)


def look(network, image):
    by = max(4, network.multiple)
    sides = [slice(0, n // by * by) for n in image.shape[1:]]
    found = np.zeros(image.shape[1:], np.uint8)
    inside = torch.from_numpy(np.ascontiguousarray(image[(slice(None), *sides)], np.float32))
    with torch.inference_mode():
        found[tuple(sides)] = network(inside[None]).argmax(1)[0].numpy()
    return found


def run(folder: Path, plan=PLAN, held_out=1, report=None, stop=lambda: False, write=atomic_write):
    cases = prepared_cases(4)
    lesson = Lesson(folder, "settings", write, report or Told(), look, stop=stop)
    return teach(network_of(plan), cases[held_out:], cases[:held_out], plan, lesson)


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_it_learns_what_is_drawn(tmp_path: Path):
    told = Told()
    plan = plan_with(steps=100, check_every=50, arguments={"widths": (8, 16, 32)})
    taught = run(tmp_path, plan, report=told)
    assert taught.finished
    assert taught.progress.best > 0.7 > taught.progress.before
    losses = [values["loss"] for _, values in told.metrics if "loss" in values]
    assert losses[-1] < losses[0] / 2
    assert {"dice", "dice of 3", "dice of 7"} <= set().union(*(v for _, v in told.metrics))


@pytest.mark.parametrize("killed_at", [0, 1, 2, 3, 4, 5])
def test_killed_anywhere_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    plan = plan_with(check_every=4)
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = run(tmp_path / "whole", plan)
    steps = iter(range(100))

    def die() -> bool:
        if next(steps) == killed_at + 1:
            raise Killed
        return False

    with pytest.raises(Killed):
        run(tmp_path / "killed", plan, stop=die)
    again = run(tmp_path / "killed", plan)
    assert again.finished
    assert again.progress == whole.progress
    assert same(again.weights, whole.weights)


def test_stopped_it_keeps_the_best_and_goes_on(tmp_path: Path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "stopped").mkdir()
    plan = plan_with(steps=8, check_every=2)
    asked = iter(range(100))
    stopped = run(tmp_path / "stopped", plan, stop=lambda: next(asked) > 4)
    assert not stopped.finished
    assert 0 < stopped.progress.step < 8
    assert stopped.progress.best_step
    assert (tmp_path / "stopped" / STATE).exists()
    again = run(tmp_path / "stopped", plan)
    assert same(again.weights, run(tmp_path / "whole", plan).weights)


def test_without_held_out_cases_the_last_weights_are_the_best(tmp_path: Path):
    told = Told()
    taught = run(tmp_path, held_out=0, report=told)
    assert taught.finished
    assert taught.progress.best is None
    assert not any("dice" in values for _, values in told.metrics)


def test_a_loss_that_is_no_number_ends_it_in_a_sentence(tmp_path: Path):
    from napari_medssl.errors import MedSSLError

    with pytest.raises(MedSSLError, match="no longer a number"):
        run(tmp_path, plan_with(rate=0.999, steps=400, decay=1e6))


def test_nothing_to_learn_from(tmp_path: Path):
    lesson = Lesson(tmp_path, "s", atomic_write, Told(), look)
    with pytest.raises(UsageError, match="no case to learn from"):
        teach(network_of(PLAN), [], [], PLAN, lesson)
