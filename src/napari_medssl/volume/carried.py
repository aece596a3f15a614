"""Masks brought to another grid of the same space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import affine_transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume.geometry import Geometry

_SAME = 1e-6


def share_of(mask: NDArray[np.bool_], old: Geometry, new: Geometry) -> NDArray[np.float32]:
    """Return how much of each voxel of the new grid a mask of the old one fills, 0 to 1."""
    to_old = np.linalg.inv(old.affine) @ new.affine
    if old.shape == new.shape and np.allclose(to_old, np.eye(4), atol=_SAME):
        return mask.astype(np.float32)
    share: NDArray[np.float32] = affine_transform(
        mask.astype(np.float32), to_old[:3, :3], to_old[:3, 3], new.shape, order=1
    )
    return share


def carried(mask: NDArray[np.bool_], old: Geometry, new: Geometry) -> NDArray[np.bool_]:
    """Return the voxels of the new grid of which a mask of the old one fills half."""
    found: NDArray[np.bool_] = share_of(mask, old, new) >= 0.5
    return found
