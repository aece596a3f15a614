"""Norms of two processes with half a batch each, against torch's of one with all of it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing, nn

from napari_medssl.models.team import Team
from napari_medssl.pretrain.heads.projections import ByBatch, perceptron, pooled
from napari_medssl.pretrain.learning.shared_norms import SharedNorm, share_norms
from napari_medssl.pretrain.losses.negative_cosine import negative_cosine

ROWS, STEPS = 6, 3


class Network(nn.Module):
    """Norms of maps and of vectors, one without a scale, and one that counts nothing."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.maps = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.head = perceptron((4, 6, 5), last_norm=True)
        self.by_batch = ByBatch(5)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.by_batch(self.head(pooled(self.maps(image))))
        return vectors


def batch(step: int) -> torch.Tensor:
    return torch.randn(ROWS, 1, 7, 7, generator=torch.Generator().manual_seed(step)) * 3 + 1


def learn(model: nn.Module, part: slice) -> None:
    """A few steps: a loss of each image, so that all that processes share is the norms."""
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    for step in range(STEPS):
        vectors = model(batch(step)[part])
        optimiser.zero_grad()
        negative_cosine(vectors, torch.ones_like(vectors)).backward()
        optimiser.step()


def work(rank: int, folder: str) -> None:
    """Be one of two processes."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    model = Network()
    share_norms(model, Team.here())
    together = nn.parallel.DistributedDataParallel(model)
    part = slice(rank * 3, rank * 3 + 3)
    learn(together, part)
    found = {"state": model.state_dict(), "said": model.eval()(batch(9)[part])}
    torch.save(found, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_alone_it_does_what_was_there_before():
    plain = Network()
    shared = deepcopy(plain)
    share_norms(shared, Team())
    assert sum(isinstance(m, SharedNorm) for m in shared.modules()) == 4
    learn(plain, slice(ROWS))
    learn(shared, slice(ROWS))
    assert plain.state_dict().keys() == shared.state_dict().keys()
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, shared.state_dict()[name])
    assert torch.equal(plain.eval()(batch(9)), shared.eval()(batch(9)))


@pytest.mark.parametrize("momentum", [None, 0.3])
@pytest.mark.parametrize("counted", [True, False])
def test_every_kind_of_norm_is_taken_over(momentum, counted):
    plain = nn.Sequential(nn.BatchNorm3d(2, momentum=momentum, track_running_stats=counted))
    shared = deepcopy(plain)
    share_norms(shared, Team())
    for step in range(3):
        maps = torch.randn(2, 2, 3, 3, 3) * (step + 1)
        assert torch.equal(plain(maps), shared(maps))
    assert torch.equal(plain.eval()(maps), shared.eval()(maps))


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(tmp_path: Path):
    multiprocessing.spawn(work, (str(tmp_path),), nprocs=2)
    plain = Network()
    learn(plain, slice(ROWS))
    both = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    said = torch.cat([one["said"] for one in both])
    torch.testing.assert_close(said, plain.eval()(batch(9)), atol=1e-4, rtol=1e-4)
    for found in (one["state"] for one in both):
        assert found.keys() == plain.state_dict().keys()
        for name, tensor in plain.state_dict().items():
            assert torch.allclose(found[name].float(), tensor.float(), atol=1e-5), name
