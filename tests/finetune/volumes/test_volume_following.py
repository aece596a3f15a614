"""Several processes learn what one learns: real ones, that speak through gloo."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from bright_cases import PLAN, prepared_cases
from test_recipe import network_of

from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.loss import dice_and_entropy
from napari_medssl.finetune.volumes.protocols import PROTOCOLS

SCRIPT = Path(__file__).with_name("taught_together.py")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]


def taught(folder: Path, processes: int, **given):
    folder.mkdir(exist_ok=True)
    (folder / "given.json").write_text(json.dumps(given))
    command = [sys.executable, *([*TORCHRUN, str(processes)] if processes > 1 else [])]
    done = subprocess.run([*command, SCRIPT, folder], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return torch.load(folder / "result.pt")


def close(a, b, atol: float = 1e-5) -> bool:
    assert a.keys() == b.keys()
    return all(torch.allclose(a[n].float(), b[n].float(), atol=atol, rtol=1e-5) for n in a)


GIVEN = {"steps": 10, "check_every": 4, "rate": 1e-3}


@pytest.mark.slow
def test_two_processes_end_with_the_weights_of_one(tmp_path: Path) -> None:
    given = {**GIVEN, "batch": 3, "checkpointing": True}  # two crops and one
    one, two = (taught(tmp_path / str(n), n, **given) for n in (1, 2))
    assert close(one["weights"], two["weights"])
    assert not close(one["weights"], network_of(PLAN).state_dict())


@pytest.mark.slow
def test_stopped_together_they_go_on_together(tmp_path: Path) -> None:
    """Under a protocol where the first alone sees the held-out loss that lowers the rate.

    Its weights are the last ones, no average: what is rounded otherwise shows a little more.
    """
    given = {**GIVEN, "batch": 4, "protocol": "mri"}
    one = taught(tmp_path / "one", 1, **given)
    taught(tmp_path / "two", 2, **given, stop_at=5)
    two = taught(tmp_path / "two", 2, **given)
    assert close(one["weights"], two["weights"], atol=1e-4)


@pytest.mark.parametrize("name", ["ours", "smit"])
def test_the_loss_of_shares_is_that_of_the_whole(name: str) -> None:
    """What each process adds up, added up by hand."""
    form = PROTOCOLS[name].dice
    crops = Crops(prepared_cases(3), PLAN)
    batch = crops.at(0)
    torch.manual_seed(0)
    logits = torch.randn(2, 3, *PLAN.patch)
    whole = dice_and_entropy(logits, batch.classes, batch.weight, form=form)
    sums: list[torch.Tensor] = []

    def kept(part: torch.Tensor) -> torch.Tensor:
        sums.append(part)
        return part

    def given(part: torch.Tensor) -> torch.Tensor:
        return sums[0] + part

    def share(rank: int, total) -> torch.Tensor:
        parts = (one[rank : rank + 1] for one in (logits, batch.classes, batch.weight))
        return dice_and_entropy(*parts, total, form=form)

    share(0, kept)
    torch.testing.assert_close(share(1, given), whole)
