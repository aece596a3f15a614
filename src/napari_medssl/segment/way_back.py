"""The way from a prepared image back to the volume it was made of, an axis at a time.

Every step of preparation treats each axis by itself: it turns, crops, pads or resamples it. So the
way back is, for each axis, a list of which one or two prepared rows a row of the volume is made of.
With these lists probabilities can be brought back row by row as they are finished; the inverses of
`volume.operation` would want those of all classes at full size at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.volume.crop import PutBack
from napari_medssl.volume.operation import SameGrid
from napari_medssl.volume.orient import TurnedBack
from napari_medssl.volume.pad import CutOut
from napari_medssl.volume.pipeline import InTurn
from napari_medssl.volume.regrid import SampledBack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume.operation import Inverse

_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class Taps:
    """Which rows of the prepared image a row of the volume is a weighted sum of.

    Parameters
    ----------
    rows : (2, n) array of int
        Two rows for each of the volume's n.
    weights : (2, n) float32 array
        Their weights; both 0 where the prepared image does not reach.
    """

    rows: NDArray[np.intp]
    weights: NDArray[np.float32]

    @classmethod
    def straight(cls, size: int) -> Taps:
        """Every row as it is."""
        rows = np.arange(size)
        ones = np.ones(size, np.float32)
        return cls(np.stack([rows, rows]), np.stack([ones, 0 * ones]))

    @property
    def mixes(self) -> bool:
        """Whether any row is made of two."""
        return bool(self.weights[1].any())

    def at(self, positions: NDArray[Any]) -> Taps:
        """Return rows between these, sampled linearly; these may not be mixtures themselves."""
        size = self.rows.shape[1]
        positions = np.clip(positions, 0, size - 1)
        low = np.floor(positions).astype(np.intp)
        high = np.minimum(low + 1, size - 1)
        share = (positions - low).astype(np.float32)
        return Taps(
            np.stack([self.rows[0, low], self.rows[0, high]]),
            np.stack([self.weights[0, low] * (1 - share), self.weights[0, high] * share]),
        )

    def cut(self, first: int, size: int) -> Taps:
        """Return ``size`` of these rows."""
        return Taps(self.rows[:, first : first + size], self.weights[:, first : first + size])

    def put_back(self, first: int, size: int) -> Taps:
        """Return ``size`` rows with these among them and nothing around."""
        widths = ((0, 0), (first, size - first - self.rows.shape[1]))
        return Taps(np.pad(self.rows, widths, mode="edge"), np.pad(self.weights, widths))

    def reversed(self) -> Taps:
        """Return these rows from last to first."""
        return Taps(self.rows[:, ::-1], self.weights[:, ::-1])


@dataclass(frozen=True, eq=False)
class WayBack:
    """Taps along each axis of the prepared image, and the order of axes in the volume.

    Parameters
    ----------
    taps : three of Taps
        In the prepared image's order of axes.
    order : three of int
        Axis n of the volume is axis ``order[n]`` of the prepared image.
    """

    taps: tuple[Taps, Taps, Taps]
    order: tuple[int, int, int]

    @property
    def exact(self) -> bool:
        """Whether no voxel of the volume is a mixture."""
        return not any(taps.mixes for taps in self.taps)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of the volume in the prepared image's order of axes."""
        a, b, c = (taps.rows.shape[1] for taps in self.taps)
        return a, b, c


def way_back(shape: tuple[int, int, int], inverse: Inverse) -> WayBack | None:
    """Return the way back from a prepared grid of ``shape``.

    None where it cannot be told axis by axis: an unknown step, or two that resample.
    """
    taps, order = [Taps.straight(n) for n in shape], [0, 1, 2]
    for step in _steps(inverse):
        if isinstance(step, TurnedBack):
            back = step.axes.inverse
            order = [order[axis] for axis in back.order]
            for axis, flipped in zip(order, back.flipped, strict=True):
                taps[axis] = taps[axis].reversed() if flipped else taps[axis]
        elif isinstance(step, SampledBack):
            if any(taps[axis].mixes for axis in order):
                return None
            for axis, positions in zip(order, _positions(step), strict=True):
                taps[axis] = taps[axis] if positions is None else taps[axis].at(positions)
        elif isinstance(step, CutOut):
            for axis, low, size in zip(order, step.low, step.old_shape, strict=True):
                taps[axis] = taps[axis].cut(low, size)
        elif isinstance(step, PutBack):
            for axis, low, size in zip(order, step.low, step.old_shape, strict=True):
                taps[axis] = taps[axis].put_back(low, size)
        elif not isinstance(step, SameGrid):
            return None
    return WayBack((taps[0], taps[1], taps[2]), (order[0], order[1], order[2]))


def _steps(inverse: Inverse) -> list[Inverse]:
    if isinstance(inverse, InTurn):
        return [step for part in inverse.inverses for step in _steps(part)]
    return [inverse]


def _positions(step: SampledBack) -> list[NDArray[Any] | None]:
    """Where the old grid's voxels lie along each axis of the new one; None where they agree."""
    positions: list[NDArray[Any] | None] = []
    new, old = step.new, step.old
    grids = zip(new.shape, old.shape, new.spacing_mm, old.spacing_mm, strict=True)
    for there, here, step_there, step_here in grids:
        same = there == here and np.isclose(step_there, step_here, rtol=_SAME, atol=0)
        middle = (np.arange(here) - (here - 1) / 2) * (step_here / step_there) + (there - 1) / 2
        positions.append(None if same else middle)
    return positions
