"""A mask that grows slice by slice, and what is told of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.segment.growing.grow import GrownSlice


class GrownMask:
    """Collects the slices of one axis; a later one takes the place of an earlier one.

    Parameters
    ----------
    shape : (int, int, int)
        Of the volume, (z, y, x).
    axis : int
        The array axis that its slices stand across; slices of other axes are passed by.
    """

    def __init__(self, shape: tuple[int, int, int], axis: int) -> None:
        self.array: NDArray[np.bool_] = np.zeros(shape, bool)
        self.axis = axis
        self.scores: dict[int, float] = {}
        self.given: set[int] = set()

    def take(self, grown: GrownSlice) -> None:
        """Put a slice in."""
        if grown.plane.axis != self.axis:
            return
        index = grown.plane.index
        grown.plane.view(self.array)[...] = grown.mask
        self.scores[index] = grown.score
        if grown.given:
            self.given.add(index)

    @property
    def planes(self) -> list[Plane]:
        """The slices taken."""
        return [Plane(self.axis, index) for index in self.scores]

    @property
    def slices(self) -> tuple[int, int]:
        """The first and the last slice taken."""
        return min(self.scores), max(self.scores)

    @property
    def found(self) -> tuple[int, ...]:
        """The slices that were found and not given, in order."""
        return tuple(sorted(self.scores.keys() - self.given))

    @property
    def least_sure(self) -> int | None:
        """The slice found with the lowest score, if scores are told: the one to look at first."""
        told = [index for index in self.found if not math.isnan(self.scores[index])]
        return min(told, key=self.scores.__getitem__, default=None)
