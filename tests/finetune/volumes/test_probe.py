from __future__ import annotations

import pytest
import torch
from bright_cases import PLAN, plan_with, prepared_cases
from test_recipe import network_of

from napari_medssl.errors import OutOfMemoryError
from napari_medssl.finetune.volumes import probe
from napari_medssl.finetune.volumes.probe import fitting, probed, smaller


def seconds_by_voxels(most: int, seconds: float = 0.1, *, twice: bool = False):
    """A machine whose memory holds so many voxels of a crop."""

    def measure(plan, network, cases):
        if torch.Size(plan.patch).numel() > most or (twice and not plan.checkpointing):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return seconds

    return measure


def test_as_many_steps_as_the_time_allows(monkeypatch):
    monkeypatch.setattr(probe, "_seconds_a_step", seconds_by_voxels(10**9, 0.5))
    made = probed(PLAN, network_of(PLAN), prepared_cases(1), minutes=10)
    assert made.steps == int(600 * 0.85 / 0.5)
    assert made.check_every == made.steps // 10
    assert "0.5 s" in made.reasons[-1]
    assert probed(PLAN, network_of(PLAN), prepared_cases(1), minutes=None).steps == PLAN.steps


def test_too_little_memory_is_answered_by_smaller_crops_and_said(monkeypatch):
    plan = plan_with(patch=(32, 32, 32))
    monkeypatch.setattr(probe, "_seconds_a_step", seconds_by_voxels(10**9, twice=True))
    made = probed(plan, network_of(plan), prepared_cases(1), minutes=1)
    assert made.checkpointing
    assert made.patch == plan.patch
    monkeypatch.setattr(probe, "_seconds_a_step", seconds_by_voxels(16**3 * 4))
    made = probed(plan, network_of(plan), prepared_cases(1), minutes=1)
    assert 16**3 < torch.Size(made.patch).numel() <= 16**3 * 4
    assert any("memory" in reason for reason in made.reasons)


def test_no_memory_at_all_is_a_sentence_and_other_errors_are_not_hidden(monkeypatch):
    monkeypatch.setattr(probe, "_seconds_a_step", seconds_by_voxels(1))
    with pytest.raises(OutOfMemoryError, match="even from small crops"):
        probed(PLAN, network_of(PLAN), prepared_cases(1), minutes=1)

    def broken(*_):
        raise RuntimeError("shape '[2]' is invalid")

    monkeypatch.setattr(probe, "_seconds_a_step", broken)
    with pytest.raises(RuntimeError, match="invalid"):
        probed(PLAN, network_of(PLAN), prepared_cases(1), minutes=1)


def test_each_next_plan_needs_less_until_there_is_none():
    plan = plan_with(patch=(32, 32, 32))
    first = smaller(plan, network_of(plan))
    assert first.checkpointing
    assert first.patch == plan.patch
    second = smaller(first, network_of(plan))
    assert second.checkpointing
    assert torch.Size(second.patch).numel() < torch.Size(plan.patch).numel()
    least = plan_with(patch=(4, 4, 4), checkpointing=True)
    with pytest.raises(OutOfMemoryError):
        smaller(least, network_of(plan))


def test_trial_steps_leave_the_network_as_it_was():
    network = network_of(PLAN)
    before = {name: t.clone() for name, t in network.state_dict().items()}
    probed(PLAN, network, prepared_cases(1), minutes=0.01)
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())


def test_crops_are_rounded_up_to_what_the_network_takes():
    plan = plan_with(patch=(17, 16, 3))
    assert fitting(plan, network_of(PLAN)).patch == (18, 16, 4)
    assert fitting(PLAN, network_of(PLAN)) is PLAN


class OnGpu:
    """Stands in for a network on a GPU."""

    multiple, smallest = 2, 4

    def parameters(self):
        return iter([type("Weight", (), {"is_cuda": True})()])

    def zero_grad(self, *, set_to_none):
        assert set_to_none


@pytest.mark.parametrize(("quicker", "compiles"), [(0.05, True), (0.0999, False)])
def test_a_gpu_compiles_where_that_leaves_time_for_more_steps(monkeypatch, quicker, compiles):
    clock = iter([0.0, 30.0])
    monkeypatch.setattr(probe.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(
        probe, "_seconds_a_step", lambda plan, *_: quicker if plan.compiled else 0.1
    )
    made = probed(PLAN, OnGpu(), prepared_cases(1), minutes=10)
    assert made.compiled == compiles
    assert made.steps == int((570 / 0.05 if compiles else 600 / 0.1) * 0.85)


def test_a_gpu_without_a_compiler_learns_without(monkeypatch):
    def measure(plan, *_):
        if plan.compiled:
            raise RuntimeError("no compiler found")
        return 0.1

    monkeypatch.setattr(probe, "_seconds_a_step", measure)
    made = probed(PLAN, OnGpu(), prepared_cases(1), minutes=10)
    assert not made.compiled
    assert "The network is not compiled: RuntimeError." in made.reasons
