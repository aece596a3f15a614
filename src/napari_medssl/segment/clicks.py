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
    answered : (n,) bool array
        Whether an outline was shown after each; those of a scribble but the last come at once.
    """

    xy: NDArray[np.float32]
    positive: NDArray[np.bool_]
    readings: NDArray[np.intp]
    answered: NDArray[np.bool_]

    @classmethod
    def at(
        cls, xy: NDArray[np.float32], positive: NDArray[np.bool_], *, at_once: bool = False
    ) -> Clicks:
        """Make clicks that mean what is likeliest, one after another or all at once."""
        return cls(xy, positive, np.zeros(len(xy), np.intp), np.full(len(xy), not at_once))

    def __len__(self) -> int:
        return len(self.xy)

    def where(self, chosen: NDArray[np.bool_]) -> Clicks:
        """Return some of them."""
        return self._some(chosen)

    @property
    def before(self) -> Clicks:
        """Those before the last that an outline was shown after; none if there was no outline."""
        answered = np.flatnonzero(self.answered[:-1])
        return self._some(slice(0, answered[-1] + 1 if len(answered) else 0))

    def _some(self, chosen: NDArray[np.bool_] | slice) -> Clicks:
        return Clicks(
            self.xy[chosen],
            self.positive[chosen],
            self.readings[chosen],
            self.answered[chosen],
        )

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
        """All but what was made of the last: what decides which readings there are."""
        before = (self.readings[:-1], self.answered[:-1])
        return tuple(part.tobytes() for part in (self.xy, self.positive, *before))
