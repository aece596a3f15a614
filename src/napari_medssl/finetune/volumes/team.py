"""Processes that teach one network together: who they are, and what they tell one another.

The first one does all that there is to do, and the others help it at the steps: each takes its
share of the crops, and sums are taken over all of them. So the result is that of one process.
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
    from collections.abc import Iterator

    from torch import Tensor

#: the first one looks at held-out cases, and judges, while the others wait
_PATIENCE = timedelta(days=7)


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

    def agreed(self, go_on: bool) -> bool:
        """Return to all what the first one says."""
        if self.size == 1:
            return go_on
        flag = torch.tensor([int(go_on)])
        distributed.broadcast(flag, 0)
        return bool(flag.item())

    def told(self, facts: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return to all the plain data that the first one has to tell."""
        if self.size == 1:
            return facts
        box = [facts]
        distributed.broadcast_object_list(box, 0)
        return box[0]

    def let_go(self) -> None:
        """Have the others end well, who wait for what the first one has to tell."""
        self.told(None)

    def total(self, sums: Tensor) -> Tensor:
        """Return sums over all processes, through which gradients find their way back."""
        total: Tensor = sums if self.size == 1 else _Total.apply(sums, self.size)
        return total


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
    team = Team.here()
    try:
        yield team
    finally:
        distributed.destroy_process_group()


class _Total(torch.autograd.Function):
    """A sum over processes.

    Every process has the same loss of the sum, and gradients are averaged over processes later, so
    each share gets the gradient as many times as there are processes.
    """

    @staticmethod
    def forward(ctx: Any, sums: Tensor, size: int) -> Tensor:
        ctx.size = size
        total = sums.detach().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0] * ctx.size, None
