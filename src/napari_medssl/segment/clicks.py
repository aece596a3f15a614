"""Points on the picture of a slice, as a network is asked about them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Clicks:
    """Points, in the order they were marked.

    Parameters
    ----------
    xy : (n, 2) float32 array
        The middle of voxel (row 0, column 0) is (0.5, 0.5).
    positive : (n,) bool array
        Which of them are inside.
    readings : (n,) int array
        What the points up to each were taken to mean: 0 for the likeliest, 1 for the next, ...
    """

    xy: NDArray[np.float32]
    positive: NDArray[np.bool_]
    readings: NDArray[np.intp]

    @classmethod
    def at(cls, xy: NDArray[np.float32], positive: NDArray[np.bool_]) -> Clicks:
        """Make clicks that mean what is likeliest."""
        return cls(xy, positive, np.zeros(len(xy), np.intp))

    def __len__(self) -> int:
        return len(self.xy)

    def where(self, chosen: NDArray[np.bool_]) -> Clicks:
        """Return some of them, taken to mean what all of them are."""
        readings = self.readings[chosen]
        readings[-1:] = self.readings[-1:]
        return Clicks(self.xy[chosen], self.positive[chosen], readings)

    @property
    def before(self) -> Clicks:
        """All but the last."""
        return Clicks(self.xy[:-1], self.positive[:-1], self.readings[:-1])

    @property
    def reading(self) -> int:
        """What all of them are taken to mean."""
        return int(self.readings[-1])

    @property
    def inside(self) -> NDArray[np.float32]:
        """The places that are part of what is wanted, (n, 2)."""
        return self.xy[self.positive]

    @property
    def outside(self) -> NDArray[np.float32]:
        """The places that are not, (n, 2)."""
        return self.xy[~self.positive]

    @cached_property
    def question(self) -> tuple[bytes, ...]:
        """All but the last reading: what decides which readings there are."""
        return self.xy.tobytes(), self.positive.tobytes(), self.readings[:-1].tobytes()
