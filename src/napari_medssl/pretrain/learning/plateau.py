"""A rate that is halved where the loss no longer falls: what is to be remembered of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: by so much of itself a loss has to fall to count as lower
_LOWER = 1e-4
_SHORTER = 0.5


class Plateau(nn.Module):
    """Hears the loss of every step, and halves its factor after some epochs without a lower one.

    What it knows are buffers, so a run that was killed goes on where it was. The papers ask
    the loss of images that are kept aside; here all are learned from, and their own loss is asked.

    Parameters
    ----------
    patience : int
        Epochs without a lower mean loss that are borne; the next one halves the factor.
    epoch : int
        Steps until every image had its turn.
    """

    total: Tensor
    best: Tensor
    waited: Tensor
    factor: Tensor

    def __init__(self, patience: int, epoch: int) -> None:
        super().__init__()
        self._patience, self._epoch = patience, epoch
        most = torch.finfo(torch.float32).max
        for name, start in (("total", 0.0), ("best", most), ("waited", 0.0), ("factor", 1.0)):
            self.register_buffer(name, torch.tensor(start))

    @torch.no_grad()
    def hear(self, step: int, loss: float) -> None:
        """Take in the loss of a step, counted from 0."""
        self.total += loss
        if (step + 1) % self._epoch:
            return
        mean, best = float(self.total) / self._epoch, float(self.best)
        self.total.zero_()
        if mean < best - _LOWER * abs(best):
            self.best.fill_(mean)
            self.waited.zero_()
            return
        self.waited += 1
        if self.waited > self._patience:
            self.factor *= _SHORTER
            self.waited.zero_()
