"""Smoothing a mask: four ways, all in mm.

What lies beyond the edge of the image is taken to be as the edge itself, so an organ that the scan
cuts off is not rounded there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_medssl.correct.margin import grow, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: how far a Gaussian is followed, in standard deviations
GAUSSIAN_REACH = 3.0


def median(mask: NDArray[np.bool_], spacing_mm: Sequence[float], mm: float) -> NDArray[np.bool_]:
    """Make each voxel what most voxels around it are.

    Parameters
    ----------
    mask : (z, y, x) bool array
        What to smooth.
    spacing_mm : (z, y, x)
        Size of a voxel.
    mm : float
        Edge of the box that is looked at around each voxel. Along an axis where it is less than
        two voxels, nothing is smoothed.
    """
    sizes = [1 + 2 * int(mm / 2 / step) for step in spacing_mm]
    part = ndimage.uniform_filter(mask.astype(np.float32), sizes, mode="nearest")
    most: NDArray[np.bool_] = part > 0.5
    return most


def gaussian(mask: NDArray[np.bool_], spacing_mm: Sequence[float], mm: float) -> NDArray[np.bool_]:
    """Blur a mask and keep what is more than half inside: flat faces stay, sharp ends go.

    Parameters
    ----------
    mask : (z, y, x) bool array
        What to smooth.
    spacing_mm : (z, y, x)
        Size of a voxel.
    mm : float
        Standard deviation. Along an axis where it is less than half a voxel, nothing is smoothed.
    """
    deviations = [mm / step if mm / step >= 0.5 else 0.0 for step in spacing_mm]
    blurred = ndimage.gaussian_filter(
        mask.astype(np.float32), deviations, mode="nearest", truncate=GAUSSIAN_REACH
    )
    kept: NDArray[np.bool_] = blurred > 0.5
    return kept


def opening(mask: NDArray[np.bool_], spacing_mm: Sequence[float], mm: float) -> NDArray[np.bool_]:
    """Remove what is too thin for a ball of diameter ``mm``: spikes, bridges, single voxels.

    Along an axis where ``mm`` is less than two voxels, nothing is smoothed.
    """
    return grow(shrink(mask, spacing_mm, mm / 2), spacing_mm, mm / 2)


def closing(mask: NDArray[np.bool_], spacing_mm: Sequence[float], mm: float) -> NDArray[np.bool_]:
    """Fill what is too narrow for a ball of diameter ``mm``: cracks, notches, small holes.

    Along an axis where ``mm`` is less than two voxels, nothing is smoothed.
    """
    return shrink(grow(mask, spacing_mm, mm / 2), spacing_mm, mm / 2)
