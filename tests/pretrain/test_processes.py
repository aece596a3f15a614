"""One process with a batch, and two with half of it each: the same loss, the same slopes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing, nn

from napari_medssl.pretrain.losses.barlow import barlow_twins
from napari_medssl.pretrain.losses.nt_xent import nt_xent
from napari_medssl.pretrain.processes import process_count, whole_batch

LOSSES = {"barlow": barlow_twins, "nt_xent": nt_xent}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 4))


def views() -> torch.Tensor:
    return torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(1))


def slopes(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def work(rank: int, folder: str) -> None:
    """Be one of two processes."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    share = views()[:, rank * 3 : rank * 3 + 3]
    found = {}
    for name, loss in LOSSES.items():
        model = nn.parallel.DistributedDataParallel(network())
        first, second = model(share.flatten(0, 1)).unflatten(0, (2, 3))
        value = loss(whole_batch(first), whole_batch(second))
        value.backward()
        found[name] = (value.detach(), slopes(model))
    torch.save(found, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_alone_a_batch_is_whole_already():
    part = torch.randn(2, 3)
    assert whole_batch(part) is part
    assert process_count() == 1


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(tmp_path: Path):
    multiprocessing.spawn(work, (str(tmp_path),), nprocs=2)
    shares = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for name, loss in LOSSES.items():
        model = network()
        first, second = model(views().flatten(0, 1)).unflatten(0, (2, 6))
        value = loss(first, second)
        value.backward()
        for found in shares:
            assert torch.allclose(found[name][0], value, atol=1e-6)
            assert torch.allclose(found[name][1], slopes(model), atol=1e-5)
