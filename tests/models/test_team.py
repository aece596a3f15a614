"""One process with a batch, and two with half of it each: the same loss, the same slopes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing, nn

from napari_medssl.models.team import Task, Team
from napari_medssl.pretrain.losses.barlow import barlow_twins
from napari_medssl.pretrain.losses.nt_xent import nt_xent


def of_rows(first: torch.Tensor, second: torch.Tensor, team: Team) -> torch.Tensor:
    both = team.rows(first), team.rows(second)
    return barlow_twins(*both) + nt_xent(*both)


def of_total(first: torch.Tensor, second: torch.Tensor, team: Team) -> torch.Tensor:
    return (team.total((first * second).sum(0)) ** 2).sum()


def of_unequal_shares(first: torch.Tensor, second: torch.Tensor, team: Team) -> torch.Tensor:
    """Each process's loss is another one, and depends on the others' rows."""
    mean = team.total(first.sum(0)) / (len(first) * team.size)
    return ((second - mean) ** 2).mean() + (team.rows(second).mean(0) * second).mean()


LOSSES = [of_rows, of_total, of_unequal_shares]
ROWS = 6


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 4))


def views(first: int = 0, last: int = ROWS) -> torch.Tensor:
    return torch.randn(2, ROWS, 5, generator=torch.Generator().manual_seed(1))[:, first:last]


def learned(model: nn.Module, loss, share: torch.Tensor, team: Team):
    first, second = model(share.flatten(0, 1)).unflatten(0, share.shape[:2])
    value = loss(first, second, team)
    value.backward()
    mean = team.total(value.detach()) / team.size
    return mean, torch.cat([p.grad.flatten() for p in model.parameters()])


def work(rank: int, folder: str) -> None:
    """Be one of two processes."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    team = Team.here()
    assert team == Team(rank, 2)
    share = views(3 * rank, 3 * rank + 3)
    found = []
    for loss in LOSSES:
        found.append(learned(nn.parallel.DistributedDataParallel(network()), loss, share, team))
    half = team.rows(share[0].bfloat16())
    assert half.shape == (ROWS, 5)
    if rank:
        assert [task.items for task in team.tasks()] == [("a",)]
    else:
        team.call(Task({}, ("a",), Path(), Path(), ""))
        team.let_go()
    assert team.agreed(rank == 0)
    torch.save(found, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_alone_a_batch_is_whole_and_nothing_is_asked_of_others():
    team, part = Team.here(), torch.randn(2, 3)
    assert team == Team(0, 1)
    assert team.rows(part) is part
    assert team.total(part) is part
    assert team.agreed(True)
    assert not team.agreed(False)
    team.call(Task({}, (), Path(), Path(), ""))
    team.let_go()
    assert list(team.tasks()) == []


def test_each_has_a_device_and_its_part_of_the_threads():
    assert Team(2, 4).device("cuda:0") == "cuda:2"
    assert Team(2, 4).device("cpu") == "cpu"
    assert Team().device("cuda:1") == "cuda:1"
    assert [Team(0, size).threads(6) for size in (1, 2, 4, 8)] == [6, 3, 1, 1]


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(tmp_path: Path):
    multiprocessing.spawn(work, (str(tmp_path),), nprocs=2)
    shares = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for number, loss in enumerate(LOSSES):
        value, slopes = learned(network(), loss, views(), Team())
        for found in shares:
            torch.testing.assert_close(found[number][0], value.detach(), atol=1e-6, rtol=1e-5)
            torch.testing.assert_close(found[number][1], slopes, atol=1e-5, rtol=1e-4)
