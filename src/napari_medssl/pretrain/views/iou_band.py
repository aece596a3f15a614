"""How much two crops of one size may overlap."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: lengths of overlaps are whole numbers; what lies within this of one is meant
_ROUNDING = 1e-9


@dataclass(frozen=True)
class IoUBand:
    """An interval of overlaps, intersection over union, both ends included.

    Parameters
    ----------
    low, high : float
        0 (apart) to 1 (the same crop). The thesis found 0.3 to 0.6 best; 0 to 1 is any crop.
    """

    low: float = 0.3
    high: float = 0.6

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 1:
            raise UsageError(
                f"an overlap (IoU) from {self.low:g} to {self.high:g}",
                expected="two numbers from 0 to 1, the lower first",
            )

    def holds(self, iou: float) -> bool:
        """Whether an overlap lies in it."""
        return self.low - _ROUNDING <= iou <= self.high + _ROUNDING

    def last_shifts(
        self, crop: tuple[int, ...], area: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how far crops may lie apart along the last axis.

        Parameters
        ----------
        crop : tuple of int
            Sides of both crops.
        area : int array
            Over how many voxels they overlap in the other axes.

        Returns
        -------
        nearest, farthest : arrays of the shape of ``area``
            Whole numbers. The farthest is infinite where they may lie apart altogether; where
            nothing fits, the nearest is infinite and the farthest -1.
        """
        volume, last = prod(crop), crop[-1]
        least, most = (2 * volume * end / (1 + end) for end in (self.low, self.high))
        with np.errstate(divide="ignore", invalid="ignore"):
            shortest = np.ceil(least / area - _ROUNDING)
            longest = np.minimum(last, np.floor(most / area + _ROUNDING))
        apart = area == 0
        longest = np.where(apart, last, longest)
        shortest = np.where(apart, 0.0 if self.low <= 0 else np.inf, np.maximum(shortest, 0))
        nearest, farthest = last - longest, np.where(shortest == 0, np.inf, last - shortest)
        nothing = shortest > longest
        return np.where(nothing, np.inf, nearest), np.where(nothing, -1.0, farthest)


def overlap(first: tuple[int, ...], second: tuple[int, ...], crop: tuple[int, ...]) -> float:
    """Return the IoU of two crops of one size, given the first corner of each.

    References
    ----------
    Konieczkowicz (S3), equation 3.1.
    """
    apart = (abs(a - b) for a, b in zip(first, second, strict=True))
    shared = prod(max(0, side - far) for side, far in zip(crop, apart, strict=True))
    return shared / (2 * prod(crop) - shared)
