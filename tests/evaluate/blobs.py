"""Random masks that look like organs, for comparisons with other implementations."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def blobs(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """A mask of smooth pieces, some cut off by the edge of the image; boolean."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), 2)
    return smooth > np.quantile(smooth, 0.75)
