"""Processes that teach one network together: who they are, and what they tell one another.

The first one does all that there is to do, and the others help it at the steps: each takes its
share of the batch, and what the whole batch has to know is summed or gathered over all of them. So
the result is that of one process.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor

#: the first one looks at held-out cases, and judges, while the others wait
_PATIENCE = timedelta(days=7)


@dataclass(frozen=True)
class Task:
    """What the others are called to help with.

    Parameters
    ----------
    plan : mapping
        How the network is taught, as plain data.
    items : tuple of str
        Ids of what it learns from.
    prepared : Path
        Folder in which that lies prepared.
    state : Path
        Where a run that was stopped left its state.
    settings : str
        Hash of all that the result depends on.
    """

    plan: Mapping[str, Any]
    items: tuple[str, ...]
    prepared: Path
    state: Path
    settings: str


@dataclass(frozen=True)
class Team:
    """One of several processes that torchrun started; alone unless told.

    Parameters
    ----------
    rank, size : int
        Which of how many, from 0.
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def here(cls) -> Team:
        """Return the place of this process."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    def device(self, first: str) -> str:
        """Return the device of this process, where the first one has ``first``."""
        kind = first.partition(":")[0]
        return f"{kind}:{self.rank}" if kind == "cuda" and self.size > 1 else first

    def threads(self, all_of_them: int) -> int:
        """Return how many threads of the processor are this process's."""
        return max(1, all_of_them // self.size)

    def agreed(self, go_on: bool) -> bool:
        """Return to all what the first one says."""
        if self.size == 1:
            return go_on
        flag = torch.tensor([int(go_on)])
        distributed.broadcast(flag, 0)
        return bool(flag.item())

    def call(self, task: Task) -> None:
        """Call the others to a task; for the first one."""
        self._told(task)

    def tasks(self) -> Iterator[Task]:
        """Yield what the first one calls to, until it lets this one go; for the others."""
        while (task := self._told(None)) is not None:
            yield task

    def let_go(self) -> None:
        """Have the others end well, who wait for what the first one calls them to."""
        self._told(None)

    def total(self, sums: Tensor) -> Tensor:
        """Return sums over all processes, through which gradients find their way back."""
        total: Tensor = sums if self.size == 1 else _Total.apply(sums)
        return total

    def rows(self, share: Tensor) -> Tensor:
        """Return all processes' rows, in the order of the processes, gradients flow back to them.

        Parameters
        ----------
        share : (rows, ...) tensor
            As many rows on every process.
        """
        rows: Tensor = share if self.size == 1 else _Rows.apply(share)
        return rows

    def _told(self, task: Task | None) -> Task | None:
        if self.size == 1:
            return task
        box = [task]
        distributed.broadcast_object_list(box, 0)
        return box[0]


@contextmanager
def gathered(device: str) -> Iterator[Team]:
    """Meet the other processes that torchrun started.

    Parameters
    ----------
    device : str
        What the first one computes on.
    """
    if device.startswith("cuda"):
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    backend = "cpu:gloo,cuda:nccl" if device.startswith("cuda") else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield Team.here()
    finally:
        distributed.destroy_process_group()


class _Total(torch.autograd.Function):
    """A sum over processes.

    What every process learns from is the mean of all processes' losses, and each of these may
    depend on the sum, so slopes are summed too.
    """

    @staticmethod
    def forward(ctx: Any, sums: Tensor) -> Tensor:
        return _summed(sums)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        return _summed(slopes[0])


class _Rows(torch.autograd.Function):
    """Rows of all processes; slopes are summed as in `_Total`, and each takes those of its own."""

    @staticmethod
    def forward(ctx: Any, share: Tensor) -> Tensor:
        ctx.rows = len(share)
        shares = [torch.empty_like(share) for _ in range(distributed.get_world_size())]
        distributed.all_gather(shares, share.contiguous())
        return torch.cat(shares)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        first = distributed.get_rank() * ctx.rows
        return _summed(slopes[0])[first : first + ctx.rows]


def _summed(share: Tensor) -> Tensor:
    total = share.detach().clone()
    distributed.all_reduce(total)
    return total
