"""Two processes with half a batch each learn what one learns with all of it: every method."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from every_method import plan_of
from learned_together import ON_A_PLATEAU, run

from napari_medssl.models.team import Team
from napari_medssl.pretrain import recipe
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.method import method_for

HERE = Path(__file__).parent
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> Path:
    """Runs of all methods by two processes; they meet once."""
    folder = tmp_path_factory.mktemp("together")
    paths = os.pathsep.join([str(HERE), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, *TORCHRUN, HERE / "learned_together.py", folder],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return folder


def result(folder: Path) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    found = torch.load(folder / "result.pt")
    return torch.tensor(found["losses"]), found["state"]


def differing(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> list[str]:
    assert one.keys() == other.keys()
    return [n for n in one if not torch.allclose(one[n].float(), other[n].float(), atol=1e-4)]


@pytest.mark.parametrize("name", method_cards())
def test_losses_weights_teachers_and_centres_are_those_of_one(
    name: str, together: Path, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(recipe, "_TELL_EVERY_S", 0.0)
    run(name, tmp_path, Team())
    (losses, state), (alone, own) = result(together / name), result(tmp_path)
    assert len(losses) == plan_of(name).steps
    torch.testing.assert_close(losses, alone, atol=1e-5, rtol=5e-5)  # Barlow's is about 20
    assert not differing(state, own)
    assert differing(method_for(plan_of(name), "cpu").remembered(), own)


def test_stopped_together_they_go_on_together(together: Path):
    (_, stopped), (_, whole) = result(together / "stopped"), result(together / "dino")
    assert all(torch.equal(stopped[name], whole[name]) for name in whole)


def test_in_half_precision_they_learn_too(together: Path):
    (half, _), (whole, _) = result(together / "half"), result(together / "barlow")
    torch.testing.assert_close(half[0], whole[0], atol=0.0, rtol=0.1)
    assert torch.isfinite(half).all()


def test_on_a_plateau_both_halve_the_rate_when_one_alone_does(together: Path, tmp_path: Path):
    run("regression", tmp_path, Team(), **ON_A_PLATEAU)
    (_, two), (_, one) = result(together / "plateau"), result(tmp_path)
    assert float(one["plateau.factor"]) < 1
    assert not differing(two, one)
