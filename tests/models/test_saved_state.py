from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models.saved_state import (
    Progress,
    copy_of,
    load_state,
    put_into,
    save_state,
)

PROGRESS = Progress("abc", step=3, before=0.25, best=0.5, best_step=2)


def learner(seed: int = 0):
    """Two weights of which only one is moved, and their optimiser."""
    torch.manual_seed(seed)
    learned = {"a": torch.nn.Parameter(torch.randn(3)), "b": torch.nn.Parameter(torch.randn(2))}
    return learned, torch.optim.AdamW(learned.values(), lr=0.1)


def move(learned, optimiser, steps: int) -> None:
    for _ in range(steps):
        optimiser.zero_grad()
        learned["a"].pow(3).sum().backward()
        optimiser.step()


def test_a_run_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    learned, optimiser = learner()
    move(learned, optimiser, 2)
    best = copy_of(learned)
    move(learned, optimiser, 1)
    save_state(tmp_path / "s.safetensors", PROGRESS, learned, optimiser, best, atomic_write)
    move(learned, optimiser, 4)
    again, fresh = learner(seed=1)
    found = load_state(tmp_path / "s.safetensors", "abc", again, fresh)
    assert found is not None
    progress, kept = found
    assert progress == PROGRESS
    assert all(torch.equal(kept[name], best[name]) for name in best)
    move(again, fresh, 4)
    assert all(torch.equal(again[name], learned[name]) for name in learned)
    put_into(again, best)
    assert all(torch.equal(again[name], best[name]) for name in best)


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    assert load_state(tmp_path / "s.safetensors", "abc", *learner()) is None


def test_another_run_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    learned, optimiser = learner()
    path = tmp_path / "s.safetensors"
    save_state(path, PROGRESS, learned, optimiser, copy_of(learned), atomic_write)
    with pytest.raises(UsageError, match="after 3 steps"):
        load_state(path, "abd", *learner())
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(WeightsError, match="damaged"):
        load_state(path, "abc", *learner())


def test_the_best_is_the_highest_and_without_figures_the_last() -> None:
    at = replace(PROGRESS, step=7)
    assert at.judged(0.4) == at
    assert at.judged(0.6) == replace(at, best=0.6, best_step=7)
    first = Progress("abc", step=5).judged(0.1)
    assert (first.best, first.best_step) == (0.1, 5)
    silent = Progress("abc", step=5).judged(None)
    assert (silent.best, silent.best_step) == (None, 5)
    assert replace(silent, step=9).judged(None).best_step == 9
