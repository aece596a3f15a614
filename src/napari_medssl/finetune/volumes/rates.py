"""The step length of a run, and what it remembers where it waits until nothing is gained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from napari_medssl.finetune.volumes.protocols import protocol
from napari_medssl.finetune.volumes.schedules import Plateau

if TYPE_CHECKING:
    from torch import Tensor

    from napari_medssl.finetune.volumes.plan import VolumePlan

_LOWERED, _WAITED, _BEST = "rate.lowered", "rate.waited", "rate.best"
_SUM, _COUNT = "rate.sum", "rate.count"


class Rates:
    """Tells the rate of each step.

    All that it remembers are numbers in `state`, so that a run that was killed goes on with them.

    Parameters
    ----------
    plan : VolumePlan
        Of the run.
    """

    def __init__(self, plan: VolumePlan) -> None:
        schedule = protocol(plan.protocol).schedule
        self._plan = plan
        self._plateau = schedule if isinstance(schedule, Plateau) else None
        #: float64 scalars by name, changed in place; none under a schedule that only counts steps
        self.state: dict[str, Tensor] = {}
        if self._plateau is not None:
            names = (_LOWERED, _WAITED, _BEST, _SUM, _COUNT)
            self.state = {name: torch.zeros((), dtype=torch.float64) for name in names}
            self.state[_BEST].fill_(math.inf)

    @property
    def watches_held_out(self) -> bool:
        """Whether the loss of cases that are not learned from decides, where there are any."""
        return self._plateau is not None and self._plateau.watches == "held-out"

    def at(self, step: int) -> float:
        """Return the rate of a step, counted from 0."""
        return self._plan.rate_at(step, int(self.state[_LOWERED]) if self.state else 0)

    def told(self, loss: float) -> None:
        """Remember the training loss of a step."""
        if self.state:
            self.state[_SUM] += loss
            self.state[_COUNT] += 1

    def looks_after(self, done: int) -> bool:
        """Tell whether after so many steps it is time to look whether anything was gained."""
        return self._plateau is not None and done % self._plateau.every(self._plan.steps) == 0

    def is_flat(self, held_out: float | None) -> bool:
        """Look; tell whether nothing was gained for as long as it is to wait.

        Parameters
        ----------
        held_out : float or None
            Loss of cases that are not learned from; None takes the mean of those since it last
            looked.
        """
        if self._plateau is None:
            return False
        state, trained = self.state, self.state[_SUM] / self.state[_COUNT].clamp(min=1)
        loss = float(trained) if held_out is None else held_out
        state[_SUM].zero_()
        state[_COUNT].zero_()
        if loss < float(state[_BEST]) - self._plateau.gain:
            state[_BEST].fill_(loss)
            state[_WAITED].zero_()
            return False
        state[_WAITED] += 1
        flat = int(state[_WAITED]) >= self._plateau.patience
        if flat:
            state[_WAITED].zero_()
        return flat

    def lower(self) -> None:
        """Take shorter steps from now on."""
        self.state[_LOWERED] += 1
