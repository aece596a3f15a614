"""Batch norms that see the whole batch, however many processes share it.

torch's own do so between GPUs only. These do it on any device, so that two processes with half a
batch each learn what one learns with all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from napari_medssl.models.team import Team

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def share_norms(module: nn.Module, team: Team) -> None:
    """Put a `SharedNorm` in the place of every batch norm within a module.

    Tensors and their names stay.

    Parameters
    ----------
    module : Module
        Changed. DistributedDataParallel comes after this.
    team : Team
        Who shares a batch.
    """
    for name, child in module.named_children():
        if isinstance(child, _NORMS):
            setattr(module, name, SharedNorm(child, team).train(child.training))
        else:
            share_norms(child, team)


class SharedNorm(nn.Module):
    """A batch norm over the rows of all processes, as many of each.

    Parameters
    ----------
    norm : BatchNorm1d, BatchNorm2d or BatchNorm3d
        Whose tensors it takes over. Alone it does what that did; in evaluation too, unless it
        counts nothing and so always goes by the batch.
    team : Team
        Whose batches are normed together.
    """

    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d, team: Team) -> None:
        super().__init__()
        self.team = team
        self.little, self.momentum = norm.eps, norm.momentum
        for name in ("weight", "bias"):
            self.register_parameter(name, getattr(norm, name))
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(norm, name))

    def forward(self, maps: Tensor) -> Tensor:
        """Return normed maps, (batch, channels, *sides)."""
        counted = self.running_mean is not None
        pace = self._pace() if self.training and counted else 0.0
        batch = self.training or not counted
        if batch and self.team.size > 1:
            return self._together(maps, pace)
        means, spreads = self.running_mean, self.running_var
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
        count = values[:, 0].numel() * self.team.size
        mean = self.team.total(values.sum(over)) / count
        centred = values - mean.view(along)
        variance = self.team.total(centred.square().sum(over)) / count
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
