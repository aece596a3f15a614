"""An image as 256 grey levels, which is what thresholds look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LUMA = np.array([0.299, 0.587, 0.114])


def grey_levels(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an image's grey levels.

    Parameters
    ----------
    image : (channels, *sides) array
        Three channels are red, green and blue, weighed by how bright they look; of any other
        count the mean is taken. 8-bit values stay as they are; others are spread from their
        lowest to their highest.

    Returns
    -------
    (*sides) uint8 array
        All 0 where the image is constant.
    """
    weights = _LUMA if len(image) == len(_LUMA) else np.full(len(image), 1 / len(image))
    grey = np.tensordot(weights, image.astype(np.float64), axes=1)
    if image.dtype != np.uint8:
        low, span = grey.min(), np.ptp(grey)
        grey = (grey - low) / span * 255 if span > 0 else np.zeros_like(grey)
    return np.rint(grey).astype(np.uint8)
