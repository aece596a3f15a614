"""Each paper's loss, rate and weights against what is written out by hand or made by others."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bright_cases import PLAN, Told, plan_with, prepared_cases
from monai.losses import DiceCELoss
from test_recipe import Killed, network_of, run, same
from torch.nn import functional

from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.learner import Learner
from napari_medssl.finetune.volumes.loss import dice_and_entropy
from napari_medssl.finetune.volumes.printed_protocols import PRINTED
from napari_medssl.finetune.volumes.protocols import PROTOCOLS, under
from napari_medssl.finetune.volumes.schedules import Plateau

STEPS = 9


def drawn(classes: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    logits = torch.randn(2, classes, 5, 4, 3)
    where = torch.randint(0, classes, (2, 5, 4, 3))
    return logits, where, torch.ones(2, 5, 4, 3)


def found(name: str, given, step: int = 0) -> torch.Tensor:
    one = PROTOCOLS[name]
    parts = one.parts_at(step, STEPS)
    return dice_and_entropy(*given, parts=parts, balanced=one.balanced, form=one.dice)


def overlap(likely: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (2 * (likely * mask).sum() + 1) / (likely.sum() + mask.sum() + 1)


def test_the_loss_of_btunet_is_the_mean_of_binary_entropy_and_dice():
    logits, where, weight = drawn(2)
    one, mask = logits[:, 1] - logits[:, 0], (where == 1).float()
    entropy = functional.binary_cross_entropy_with_logits(one, mask)
    by_hand = (entropy + 1 - overlap(one.sigmoid(), mask)) / 2
    torch.testing.assert_close(found("btunet", (logits, where, weight)), by_hand)


@pytest.mark.parametrize(
    ("name", "more"),
    [("smit", {"squared_pred": True, "smooth_nr": 0.0, "smooth_dr": 1e-6}), ("simsiam", {})],
)
def test_the_losses_of_smit_and_of_the_thesis_are_those_of_monai(name, more):
    logits, where, weight = drawn(3)
    theirs = DiceCELoss(to_onehot_y=True, softmax=True, **more)(logits, where[:, None])
    torch.testing.assert_close(found(name, (logits, where, weight)), theirs)


@pytest.mark.parametrize("name", ["smit", "simsiam"])
def test_each_crop_by_itself_voxels_nobody_looked_at_do_not_count(name):
    logits, where, weight = drawn(3)
    weight[:, 2:] = 0
    seen = (logits[:, :, :2], where[:, :2], weight[:, :2])
    torch.testing.assert_close(found(name, (logits, where, weight)), found(name, seen))


def test_the_loss_of_the_mri_paper_is_dice_alone():
    logits, where, weight = drawn(3)
    likely = logits.softmax(1)
    dice = [overlap(likely[:, n], (where == n).float()) for n in (1, 2)]
    torch.testing.assert_close(found("mri", (logits, where, weight)), 1 - sum(dice) / 2)


@pytest.mark.parametrize(("step", "entropy_part"), [(0, 0.6), (4, 0.4), (8, 0.2)])
def test_the_loss_of_the_kidney_paper_goes_from_entropy_to_dice(step, entropy_part):
    logits, where, weight = drawn(2)
    each = functional.cross_entropy(logits, where, reduction="none")
    entropy = (each[where == 0].mean() + each[where == 1].mean()) / 2
    dice = overlap(logits.softmax(1)[:, 1], (where == 1).float())
    by_hand = entropy_part * entropy + (1 - entropy_part) * (1 - dice)
    torch.testing.assert_close(found("kidney", (logits, where, weight), step), by_hand)


@pytest.mark.parametrize("name", ["medsass-decoder", "medsass-full"])
def test_where_a_paper_names_no_loss_it_is_ours(name):
    given = drawn(3)
    assert torch.equal(found(name, given), dice_and_entropy(*given))


def wave(step: int, rising: int, steps: int, high: float, low: float) -> float:
    if step < rising:
        return high * (step + 1) / rising
    return low + (high - low) * (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2


@pytest.mark.parametrize(
    ("name", "steps", "rising", "high", "low"),
    [
        ("smit", 1000, 50, 1e-4, 0.0),
        ("simsiam", 225, 10, 1e-3, 5e-5),
        ("medsass-decoder", 50, 0, 3.6e-4, 3.4e-4),
        ("medsass-full", 50, 0, 3.6e-4, 3.4e-4),
    ],
)
def test_the_rate_is_that_of_the_paper(name, steps, rising, high, low):
    plan = under(plan_with(steps=steps), name)
    for step in (0, 1, rising, steps // 2, steps - 1):
        assert plan.rate_at(step) == pytest.approx(wave(step, rising, steps, high, low))


@pytest.mark.parametrize(("name", "factor"), [("btunet", 0.1), ("mri", 0.5), ("kidney", 0.5)])
def test_the_rate_falls_where_nothing_is_gained(name, factor):
    plan = under(PLAN, name)
    assert [plan.rate_at(step, 0) for step in (0, 5)] == [1e-3, 1e-3]
    assert plan.rate_at(3, 2) == pytest.approx(1e-3 * factor**2)


@pytest.mark.parametrize("name", ["kidney", "btunet"])
def test_one_step_of_adam_is_the_one_written_out(name):
    """The decay is part of the gradient, and the weights that are kept are the last ones."""
    own = {"network": "kidney_dense", "arguments": {}} if name == "kidney" else {}
    plan = under(plan_with(**own), name)
    batch = Crops(prepared_cases(2), plan).at(0)
    learner, twin = (Learner(network_of(plan), plan) for _ in range(2))
    weight = twin.network.get_parameter(
        "head.weight" if name == "btunet" else "decoder.head.weight"
    )
    twin.step(batch, 0)
    slope = weight.grad
    before = learner.network.state_dict()
    key = next(n for n, p in twin.network.named_parameters() if p is weight)
    decayed = slope + plan.decay * before[key]
    by_hand = before[key] - 1e-3 * decayed / (decayed.abs() + 1e-8)
    torch.testing.assert_close(weight.detach(), by_hand)
    torch.testing.assert_close(twin.average()[key], by_hand)


def test_where_nothing_learns_all_stays_and_is_judged(tmp_path: Path):
    plan = under(PLAN, "medsass-literal")
    told = Told()
    taught = run(tmp_path, plan, report=told)
    assert taught.finished
    assert taught.progress.best == taught.progress.before
    assert same(taught.weights, network_of(plan).state_dict())
    assert any("dice" in values for _, values in told.metrics)


@pytest.mark.parametrize("name", [one.name for one in PRINTED])
def test_each_runs_for_a_few_steps(tmp_path: Path, name: str):
    own = {"network": "kidney_dense", "arguments": {}} if name == "kidney" else {}
    plan = under(plan_with(steps=3, **own), name)
    taught = run(tmp_path, plan)
    assert taught.finished
    moves = not same(taught.weights, network_of(plan).state_dict())
    assert moves == (PROTOCOLS[name].learns != "nothing")
    assert all(tensor.isfinite().all() for tensor in taught.weights.values())


@pytest.mark.parametrize(
    ("watches", "killed_at"), [("training", 3), ("training", 5), ("held-out", 5)]
)
def test_killed_while_it_waits_it_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch, watches, killed_at
):
    """Nothing ever counts as gained, so the rate falls at the third and the fifth look of six."""
    never = Plateau(0.5, patience=2, watches=watches, epochs=200, gain=1e9)
    monkeypatch.setitem(PROTOCOLS, "mri", replace(PROTOCOLS["mri"], schedule=never))
    plan = plan_with(protocol="mri", check_every=8)  # saved after every second step
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    told = Told()
    whole = run(tmp_path / "whole", plan, report=told)
    assert sum("rate" in values.get("note", "") for _, values in told.metrics) == 2
    steps = iter(range(100))

    def die() -> bool:
        if next(steps) == killed_at + 1:
            raise Killed
        return False

    with pytest.raises(Killed):
        run(tmp_path / "killed", plan, stop=die)
    again = run(tmp_path / "killed", plan)
    assert again.progress == whole.progress
    assert same(again.weights, whole.weights)


class Told1:
    """A team in which another process has decided."""

    rank, size = 1, 1

    def agreed(self, go_on: bool) -> bool:
        assert not go_on
        return True


def test_in_a_team_the_first_decides_when_the_rate_falls():
    plan = under(PLAN, "mri")
    learner = Learner(network_of(plan), plan, Told1())
    assert learner.watch(1)
    assert learner.rates.at(1) == 5e-4
