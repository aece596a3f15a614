"""Batch norms that see the whole batch, however many processes share it.

torch's own do so between GPUs only. These do it on any device, so that two processes with half a
batch each learn what one learns with all of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from napari_medssl.pretrain.processes import process_count

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def share_norms(module: nn.Module) -> None:
    """Put a `SharedNorm` in the place of every batch norm within a module.

    Tensors and their names stay.

    Parameters
    ----------
    module : Module
        Changed. DistributedDataParallel comes after this, with ``broadcast_buffers=False``: counts
        are the same everywhere.
    """
    for name, child in module.named_children():
        if isinstance(child, _NORMS):
            setattr(module, name, SharedNorm(child).train(child.training))
        else:
            share_norms(child)


class SharedNorm(nn.Module):
    """A batch norm over the rows of all processes, as many of each.

    Parameters
    ----------
    norm : BatchNorm1d, BatchNorm2d or BatchNorm3d
        Whose tensors it takes over. Alone, and in evaluation, it does what that did.
    """

    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d) -> None:
        super().__init__()
        self.little, self.momentum = norm.eps, norm.momentum
        for name in ("weight", "bias"):
            self.register_parameter(name, getattr(norm, name))
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(norm, name))

    def forward(self, maps: Tensor) -> Tensor:
        """Return normed maps, (batch, channels, *sides)."""
        counted = self.running_mean is not None
        pace = self._pace() if self.training and counted else 0.0
        if self.training and process_count() > 1:
            return self._together(maps, pace)
        means, spreads = self.running_mean, self.running_var
        batch = self.training or not counted
        return functional.batch_norm(
            maps, means, spreads, self.weight, self.bias, batch, pace, self.little
        )

    def _pace(self) -> float:
        """Count a batch, and return how much of its figures goes into the running ones."""
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
        if self.momentum is None and self.num_batches_tracked is not None:
            return 1 / float(self.num_batches_tracked)
        return float(self.momentum or 0.0)

    def _together(self, maps: Tensor, pace: float) -> Tensor:
        over = (0, *range(2, maps.dim()))
        along = (1, -1, *(1 for _ in range(2, maps.dim())))
        values = maps.float()
        count = values[:, 0].numel() * process_count()
        mean = _total(values.sum(over)) / count
        centred = values - mean.view(along)
        variance = _total(centred.square().sum(over)) / count
        self._remember(mean, variance * count / (count - 1), pace)
        normed = centred * torch.rsqrt(variance + self.little).view(along)
        if self.weight is not None and self.bias is not None:
            normed = normed * self.weight.view(along) + self.bias.view(along)
        return normed.to(maps.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, pace: float) -> None:
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.lerp_(mean, pace)
            self.running_var.lerp_(variance, pace)


class _Total(torch.autograd.Function):
    """A sum over processes; each process's loss may depend on it, so slopes are summed too."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        return _summed(part)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        return _summed(slopes[0])


def _summed(part: Tensor) -> Tensor:
    total = part.detach().clone()
    distributed.all_reduce(total)
    return total


def _total(part: Tensor) -> Tensor:
    total: Tensor = _Total.apply(part)
    return total
