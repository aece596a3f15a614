"""How long a step is as learning goes on: a wave that falls, or halving where nothing is gained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Cosine:
    """Rises for a while, then falls along half a wave.

    Parameters
    ----------
    warm : float or None
        Part of all steps in which it rises; None takes a twentieth of them, at most 100.
    least : float
        What it falls to, as a part of the highest rate.
    """

    warm: float | None = None
    least: float = 0.0

    def share_at(self, step: int, steps: int) -> float:
        """Return the part of the highest rate at a step, counted from 0."""
        warm = max(1, min(100, steps // 20)) if self.warm is None else round(self.warm * steps)
        if step < warm:
            return (step + 1) / warm
        done = (step - warm) / max(1, steps - warm)
        return self.least + (1 - self.least) * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True)
class Plateau:
    """Stays, and is lowered each time the loss has not fallen for a while.

    Parameters
    ----------
    factor : float
        What the rate is multiplied by.
    patience : int
        Looks in a row without a lower loss, after which it is lowered.
    watches : {"held-out", "training"}
        Which loss; that of training where nothing is held out.
    epochs : int
        How many of the paper's there are in a run: a look each, but not more often than `every`
        says.
    gain : float
        By how much a loss must be lower to count as lower.
    """

    factor: float
    patience: int
    watches: Literal["held-out", "training"]
    epochs: int
    gain: float = 1e-4

    def every(self, steps: int) -> int:
        """Return the steps between two looks: 20 or more in a run of 1,000, to be sure of each."""
        return max(1, min(20, steps // 50), steps // self.epochs)


Schedule = Cosine | Plateau
