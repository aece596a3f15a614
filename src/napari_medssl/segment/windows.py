"""Where the windows of a sliding window lie, and how much each of their voxels counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Sides = tuple[int, ...]

#: standard deviation of the weights, as a part of the window's side (nnU-Net, MONAI)
_SIGMA = 0.125
#: no voxel counts less, so that corners seen once still have an answer
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True)
class Windows:
    """Windows that cover an image, each moved on by a part of its side.

    Parameters
    ----------
    image : tuple of int
        Sides of the image.
    window : tuple of int
        Sides of a window; where the image is smaller it is padded, as evenly as can be.
    overlap : float
        Part of a window that it shares with the next, 0 to below 1.

    Raises
    ------
    UsageError
        If the overlap is outside, or a side below 1.
    """

    image: Sides
    window: Sides
    overlap: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < 1:
            raise UsageError(f"an overlap of {self.overlap:g}", expected="0 to below 1")
        if len(self.image) != len(self.window) or min(*self.image, *self.window) < 1:
            raise UsageError(
                f"a window of {self.window} on an image of {self.image}",
                expected="as many sides of at least 1",
            )

    @property
    def padded(self) -> Sides:
        """Sides of the image as the windows see it."""
        return tuple(max(pair) for pair in zip(self.image, self.window, strict=True))

    @property
    def before(self) -> Sides:
        """Voxels that are padded in front of each side."""
        return tuple((p - n) // 2 for p, n in zip(self.padded, self.image, strict=True))

    @property
    def starts(self) -> tuple[Sides, ...]:
        """First voxels of the windows along each axis, in order."""
        return tuple(
            _starts(side, window, self.overlap)
            for side, window in zip(self.padded, self.window, strict=True)
        )

    @property
    def count(self) -> int:
        """How many windows there are."""
        return math.prod(len(starts) for starts in self.starts)

    @property
    def longest_axis(self) -> int:
        """The axis along which the fewest voxels lie in one layer of windows."""
        parts = [w / n for w, n in zip(self.window, self.padded, strict=True)]
        return parts.index(min(parts))


def gaussian_weights(window: Sides) -> NDArray[np.float32]:
    """Return how much each voxel of a window counts, most in its middle.

    A normal density of an eighth of each side, not below a thousandth (Isensee 2021, methods,
    "inference").
    """
    weights = np.ones((), np.float32)
    for side in window:
        away = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
        sigma = np.float32(_SIGMA * side)
        weights = weights[..., None] * np.exp(away**2 / (-2 * sigma**2))
    least = max(float(weights.min()), _LEAST_WEIGHT)
    clipped: NDArray[np.float32] = np.maximum(weights, np.float32(least))
    return clipped


def _starts(side: int, window: int, overlap: float) -> Sides:
    step = max(1, int(window * (1 - overlap)))
    last = side - window
    return (*range(0, last, step), last)
