from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import Killed, Told, learned, method_of, plan_for

from napari_medssl.errors import MedSSLError, UsageError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.pretrain import recipe
from napari_medssl.pretrain.methods.regression import Regression
from napari_medssl.pretrain.recipe import STATE

PLAN = plan_for("regression", arguments={"widths": (2, 4)})


class Alike(Regression):
    """Comes out alike from a step on."""

    begins = 0

    def losses(self, batch, step):
        self.step = step
        return super().losses(batch, step)

    def collapsed(self) -> str:
        return "All images begin to come out alike." if self.step >= self.begins else ""


def alike(plan, begins: int = 0) -> Alike:
    method = Alike(method_of(plan).network, plan)
    method.begins = begins
    return method


def test_a_collapse_is_warned_of_once_and_goes_into_the_result(tmp_path: Path):
    plan = plan_for("regression", arguments={"widths": (2, 4)}, steps=70, save_every=100)
    told = Told()
    _, left = learned(plan, tmp_path, told=told, method=alike(plan))
    assert told.warnings == ["All images begin to come out alike."]
    assert left.finished
    assert left.collapsed


def test_a_bad_moment_is_no_collapse(tmp_path: Path):
    plan = plan_for("regression", arguments={"widths": (2, 4)}, steps=40, save_every=100)
    told = Told()
    _, left = learned(plan, tmp_path, told=told, method=alike(plan))
    assert told.warnings == []
    assert left.collapsed == ""


def test_a_run_that_may_ends_early_at_the_same_step_when_killed(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(recipe, "_LOOK_EVERY", 2)
    plan = plan_for(
        "regression", arguments={"widths": (2, 4)}, steps=500, batch=1, stop_on_collapse=True
    )
    _, left = learned(plan, tmp_path / "whole", method=alike(plan))
    assert (left.steps, left.finished) == (40, True)
    asked = iter(range(1000))

    def die() -> bool:
        if next(asked) == 33:
            raise Killed
        return False

    with pytest.raises(Killed):
        learned(plan, tmp_path / "killed", method=alike(plan), stop=die)
    _, again = learned(plan, tmp_path / "killed", method=alike(plan))
    assert again.steps == 40


def test_stopped_it_goes_on_to_the_same_weights(tmp_path: Path):
    whole, _ = learned(PLAN, tmp_path / "whole")
    asked = iter(range(100))
    _, left = learned(PLAN, tmp_path / "stopped", stop=lambda: next(asked) >= 3)
    assert (left.steps, left.finished) == (3, False)
    again, left = learned(PLAN, tmp_path / "stopped")
    assert left.finished
    state = again.state_dict()
    assert all(torch.equal(t, state[name]) for name, t in whole.state_dict().items())


def test_a_finished_run_is_not_learned_again(tmp_path: Path):
    first, _ = learned(PLAN, tmp_path)
    again, left = learned(PLAN, tmp_path)
    assert (left.steps, left.finished) == (6, True)
    state = again.state_dict()
    assert all(torch.equal(t, state[name]) for name, t in first.state_dict().items())


def test_a_state_of_other_settings_is_refused(tmp_path: Path):
    learned(PLAN, tmp_path)
    from made_scans import prepared

    from napari_medssl.pretrain.recipe import Lesson, pretrain

    with pytest.raises(UsageError, match="other settings"):
        pretrain(method_of(PLAN), prepared(), Lesson(tmp_path, "others", atomic_write, Told()))


def test_a_damaged_state_is_a_sentence(tmp_path: Path):
    learned(PLAN, tmp_path)
    (tmp_path / STATE).write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match="damaged"):
        learned(PLAN, tmp_path)


def test_a_loss_that_is_no_number_ends_it_in_a_sentence(tmp_path: Path):
    class Broken(Regression):
        def losses(self, batch, step):
            return {"filling": super().losses(batch, step)["filling"] * float("nan")}

    with pytest.raises(MedSSLError, match="no longer a number at step 0"):
        learned(PLAN, tmp_path, method=Broken(method_of(PLAN).network, PLAN))


def test_the_loss_is_told_and_its_parts_where_it_has_several(tmp_path: Path):
    told = Told()
    learned(PLAN, tmp_path / "one", told=told)
    step, values = told.metrics[-1]
    assert step == 6
    assert values.keys() == {"loss"}, "its one part is the loss itself"

    class TwoParts(Regression):
        def losses(self, batch, step):
            filling = super().losses(batch, step)["filling"]
            return {"half": filling / 2, "other half": filling / 2}

    method = TwoParts(method_of(PLAN).network, PLAN)
    learned(PLAN, tmp_path / "two", method=method, told=told)
    _, values = told.metrics[-1]
    assert values["loss"] == pytest.approx(values["half loss"] + values["other half loss"])
