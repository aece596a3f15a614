"""How an object looks beside its surroundings: what the grey of a pixel says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 64
_SMOOTH_BINS = 2.0
#: share of all greys that is spread evenly, so that a grey never seen says nothing for sure
_UNSEEN = 0.05
#: no grey says more than this, in units of a logarithm
_MOST = 3.0
_SMOOTH_PIXELS = 0.7


@dataclass(frozen=True, eq=False)
class Look:
    """Greys of an object and of what lies around it, as they were on one slice.

    Parameters
    ----------
    speaks : (64,) float32 array
        For each of 64 steps of grey how much it speaks for the object, -3 to 3: the logarithm of
        how much more common it is inside than around.
    """

    speaks: NDArray[np.float32]

    @classmethod
    def of(cls, grey: NDArray[np.uint8], depth: NDArray[np.float32], ring_mm: float) -> Look:
        """Learn it from a slice.

        Parameters
        ----------
        grey : (rows, columns) uint8 array
            What the window shows.
        depth : (rows, columns) float32 array
            How deep in the object each pixel lies, in mm; see `shapes.depth_mm`.
        ring_mm : float
            How wide a ring around it counts as its surroundings.
        """
        steps = grey // (256 // _BINS)
        inside = _common(steps[depth > 0])
        around = _common(steps[(depth <= 0) & (depth > -ring_mm)])
        return cls(np.clip(np.log(inside / around), -_MOST, _MOST).astype(np.float32))

    def evidence(self, grey: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return how much the grey of each pixel, and a little of those beside it, speaks for it.

        Parameters
        ----------
        grey : (rows, columns) uint8 array
            Another slice under the same window.
        """
        of_pixels = self.speaks[grey // (256 // _BINS)]
        smooth: NDArray[np.float32] = ndimage.gaussian_filter(of_pixels, _SMOOTH_PIXELS)
        return smooth

    def likeness(self, grey: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
        """Return how much a part of a slice looks like the object, on average, -1 to 1."""
        return float(np.tanh(self.evidence(grey)[mask]).mean())


def _common(steps: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How common each step of grey is among some pixels; never 0."""
    counts = np.bincount(steps, minlength=_BINS).astype(float)
    smooth = ndimage.gaussian_filter1d(counts, _SMOOTH_BINS, mode="nearest")
    shares: NDArray[np.float64] = smooth / max(1.0, smooth.sum())
    return (1 - _UNSEEN) * shares + _UNSEEN / _BINS
