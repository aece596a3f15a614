"""One batch on several processes: what each must know of the others' part."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def whole_batch(part: Tensor) -> Tensor:
    """Return all processes' rows, in the order of the processes; of one process, its own.

    Each process then computes the loss of the whole batch, and DistributedDataParallel's mean of
    their gradients is the gradient that one process with the whole batch has.

    Parameters
    ----------
    part : (rows, ...) tensor
        As many rows on every process; gradients flow back to them.
    """
    if process_count() == 1:
        return part
    gathered: Tensor = _Gather.apply(part)
    return gathered


def process_count() -> int:
    """Return how many processes share the batch; 1 where none were started."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 1
    return distributed.get_world_size()


class _Gather(torch.autograd.Function):
    """Gather rows; every process has the same loss, so the sum of their slopes is a multiple."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        ctx.rows = len(part)
        parts = [torch.empty_like(part) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        first = distributed.get_rank() * ctx.rows
        return slopes[0][first : first + ctx.rows] * distributed.get_world_size()
