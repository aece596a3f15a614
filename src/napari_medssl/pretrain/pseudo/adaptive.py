"""Adaptive thresholds: a pixel against its surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: S2 prints neither; these are OpenCV's customary ones
BLOCK, OFFSET = 11, 2.0


def adaptive_mean(
    grey: NDArray[np.uint8], block: int = BLOCK, offset: float = OFFSET
) -> NDArray[np.float64]:
    """Return a threshold for each pixel: the mean of the block about it, less an offset.

    Parameters
    ----------
    grey : (*sides) uint8 array
        From `grey.grey_levels`; beyond its edges the edge goes on.
    block : int
        Side of the block in pixels, odd, 3 or more.
    offset : float
        In grey levels.

    Raises
    ------
    UsageError
        If the block is even or smaller than 3.

    References
    ----------
    OpenCV's ADAPTIVE_THRESH_MEAN_C, without its rounding; S2, section 5.1.
    """
    require_odd(block)
    means: NDArray[np.float64] = ndimage.uniform_filter(
        grey.astype(np.float64), block, mode="nearest"
    )
    return means - offset


def adaptive_gaussian(
    grey: NDArray[np.uint8], block: int = BLOCK, offset: float = OFFSET
) -> NDArray[np.float64]:
    """Return a threshold for each pixel: a mean that weighs near pixels more, less an offset.

    Parameters
    ----------
    grey, block, offset
        As in `adaptive_mean`. The bell is 0.3 ((block - 1) / 2 - 1) + 0.8 pixels wide.

    Raises
    ------
    UsageError
        If the block is even or smaller than 3.

    References
    ----------
    OpenCV's ADAPTIVE_THRESH_GAUSSIAN_C, without its rounding; S2, section 5.1.
    """
    require_odd(block)
    sigma = 0.3 * ((block - 1) * 0.5 - 1) + 0.8
    bell = np.exp(-0.5 * (np.arange(block) - block // 2) ** 2 / sigma**2)
    means = grey.astype(np.float64)
    for axis in range(grey.ndim):
        means = ndimage.correlate1d(means, bell / bell.sum(), axis, mode="nearest")
    return means - offset


def require_odd(block: int) -> None:
    """Refuse a block that has no middle, or nothing about it.

    Raises
    ------
    UsageError
        If it is even or smaller than 3.
    """
    if block < 3 or block % 2 == 0:
        raise UsageError(f"blocks of {block} pixels", expected="an odd number, 3 or more")
