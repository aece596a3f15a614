"""Voxels that are not numbers, made harmless before anything is computed from their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_medssl.volume.volume import Volume


def fill_not_finite(volume: Volume) -> Volume:
    """Give voxels that are infinite or not a number the lowest finite value, and say so.

    One such voxel would otherwise spread to its neighbours, or to every voxel, of a resampled or
    standardised image. A volume without any is returned as it is.
    """
    if volume.array.dtype.kind != "f":
        return volume
    good = np.isfinite(volume.array)
    bad = volume.array.size - int(np.count_nonzero(good))
    if not bad:
        return volume
    lowest = volume.array[good].min() if bad < volume.array.size else 0
    filled = volume.with_values(np.where(good, volume.array, lowest), units=volume.units)
    return filled.noting(
        "not-finite",
        f"Voxels that hold no finite number: {bad:,}; they were given the lowest, {lowest:g}.",
    )
