"""From the positions of slices to one regular grid: gaps, tilt and drift are found, not guessed.

Pure functions on numbers: no file is touched here. Positions and directions are in LPS mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Spread = Literal["even", "missing", "uneven"]

#: positions nearer than this are one place
SAME_PLACE_MM = 0.01
#: how far a slice may lie off its grid and still count as on it: scanners round positions
_OFF_GRID_MM, _OFF_GRID_SHARE, _OFF_GRID_MOST = 0.1, 0.01, 0.2
_UNEVEN_MOST = 3.0
_TILT_LEAST_DEG = 0.1
_APART = (
    "Ask for evenly spaced slices, or put slices that belong together into a folder of their own"
)


@dataclass(frozen=True)
class SliceGrid:
    """A regular grid through slices, and how each of its slices comes from the given ones.

    Parameters
    ----------
    origin_mm : (3,) tuple
        Position of grid slice 0.
    step_mm : (3,) tuple
        From one grid slice to the next; not along the normal where the gantry was tilted.
    below : tuple of int
        For each grid slice, the given slice at or before it.
    fraction : tuple of float
        How far it lies towards the next given slice, 0..1; 0 where it is a given slice itself.
    spread : {"even", "missing", "uneven"}
        How the given slices lie on the grid.
    tilt_deg : float
        Angle between the step and the slices' normal; 0 where it is too small to matter.
    gaps_mm : (float, float)
        Smallest and largest distance between neighbouring given slices.
    """

    origin_mm: tuple[float, float, float]
    step_mm: tuple[float, float, float]
    below: tuple[int, ...]
    fraction: tuple[float, ...]
    spread: Spread
    tilt_deg: float
    gaps_mm: tuple[float, float]

    @property
    def made_up(self) -> tuple[int, ...]:
        """Grid slices that are interpolated between given ones."""
        return tuple(k for k, f in enumerate(self.fraction) if f != 0)


def normal_of(orientation: Sequence[float]) -> NDArray[np.float64]:
    """Unit normal of a plane whose row and column directions are given as six numbers."""
    normal = np.cross(orientation[:3], orientation[3:])
    unit: NDArray[np.float64] = normal / np.linalg.norm(normal)
    return unit


def along_normal(
    positions: Sequence[Sequence[float]], orientation: Sequence[float]
) -> NDArray[np.float64]:
    """Signed distance of each position from the world's origin along the slices' normal, in mm."""
    distances: NDArray[np.float64] = np.asarray(positions, float) @ normal_of(orientation)
    return distances


def places(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the distinct places that distances along the normal fall into, from the lowest."""
    order = np.argsort(distances, kind="stable")
    apart = np.diff(distances[order]) > SAME_PLACE_MM
    numbers = np.empty(len(distances), np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(apart)])
    return numbers


def fit_grid(
    positions: Sequence[Sequence[float]],
    orientation: Sequence[float],
    *,
    thickness_mm: float,
    pixel_mm: float,
) -> SliceGrid:
    """Lay a regular grid through slices.

    Parameters
    ----------
    positions : sequence of (x, y, z)
        Position of each slice, sorted along the normal, no two at one place.
    orientation : six numbers
        Row and column direction, which all slices share.
    thickness_mm : float
        The step for a single slice.
    pixel_mm : float
        The smaller distance between pixels: a slice may lie half of it off sideways.

    Raises
    ------
    GeometryError
        If the slices lie too irregularly for one grid, with the numbers.
    """
    first, last = np.asarray(positions[0], float), np.asarray(positions[-1], float)
    if len(positions) == 1:
        step = normal_of(orientation) * thickness_mm
        return SliceGrid(_triple(first), _triple(step), (0,), (0.0,), "even", 0.0, (0.0, 0.0))
    depth = along_normal(positions, orientation)
    depth = depth - depth[0]
    _check_sideways(np.asarray(positions, float), depth, pixel_mm)
    count, spread = _count_and_spread(depth)
    step = (last - first) / (count - 1)
    below, fraction = _neighbours(depth, count, spread)
    gaps = np.diff(depth)
    return SliceGrid(
        origin_mm=_triple(first),
        step_mm=_triple(step),
        below=below,
        fraction=fraction,
        spread=spread,
        tilt_deg=_tilt(step, orientation),
        gaps_mm=(float(gaps.min()), float(gaps.max())),
    )


def _count_and_spread(depth: NDArray[np.float64]) -> tuple[int, Spread]:
    """How many slices a regular grid needs to hold these depths, which begin at 0."""
    given, gaps = len(depth), np.diff(depth)
    if _on_grid(depth, given):
        return given, "even"
    smallest, largest = float(gaps.min()), float(gaps.max())
    # among few gaps the smallest is the step; among many, rounding makes the median safer
    for step in (float(np.median(gaps)), smallest):
        count = round(float(depth[-1]) / step) + 1
        if count <= 2 * given and _on_grid(depth, count):
            return count, "missing"
    if largest <= _UNEVEN_MOST * smallest:
        return round(float(depth[-1]) / float(np.median(gaps))) + 1, "uneven"
    raise GeometryError(
        f"{given} slices lie between {smallest:.2f} and {largest:.2f} mm apart",
        expected="one distance between slices, or a few slices missing",
        do=_APART,
    )


def _on_grid(depth: NDArray[np.float64], count: int) -> bool:
    step = float(depth[-1]) / (count - 1)
    slot = np.rint(depth / step)
    slack = min(max(_OFF_GRID_MM, _OFF_GRID_SHARE * step), _OFF_GRID_MOST * step)
    return bool((np.diff(slot) > 0).all() and np.abs(depth - slot * step).max() <= slack)


def _neighbours(
    depth: NDArray[np.float64], count: int, spread: Spread
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    wanted = np.arange(count) * (depth[-1] / (count - 1))
    if spread != "uneven":
        # snap: a slice that is on the grid is taken as it is, bit for bit
        depth = np.rint(depth / wanted[1]) * wanted[1]
    below = np.clip(np.searchsorted(depth, wanted + 1e-9, side="right") - 1, 0, len(depth) - 1)
    above = np.minimum(below + 1, len(depth) - 1)
    width = np.where(above > below, depth[above] - depth[below], 1.0)
    fraction = np.clip((wanted - depth[below]) / width, 0, 1)
    fraction[fraction < 1e-6] = 0.0
    return tuple(below.tolist()), tuple(fraction.tolist())


def _check_sideways(
    positions: NDArray[np.float64], depth: NDArray[np.float64], pixel_mm: float
) -> None:
    line = positions[0] + np.outer(depth / depth[-1], positions[-1] - positions[0])
    drift = float(np.linalg.norm(positions - line, axis=1).max())
    if drift > max(_OFF_GRID_MM, pixel_mm / 2):
        raise GeometryError(
            f"slices are shifted sideways against each other by up to {drift:.1f} mm",
            expected="slices stacked along a straight line",
            do=_APART,
        )


def _tilt(step: NDArray[np.float64], orientation: Sequence[float]) -> float:
    cosine = float(step @ normal_of(orientation) / np.linalg.norm(step))
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return angle if angle >= _TILT_LEAST_DEG else 0.0


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return x, y, z
