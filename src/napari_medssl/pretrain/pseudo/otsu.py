"""Otsu's threshold: two classes of grey, each as narrow as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skimage.filters import threshold_otsu

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def otsu_threshold(grey: NDArray[np.uint8]) -> float:
    """Return the grey level that parts the image best; what is above it is the bright class.

    Parameters
    ----------
    grey : (*sides) uint8 array
        From `grey.grey_levels`. Of a constant image the threshold is its level.

    References
    ----------
    Otsu 1979; Singh and Cirrone (S2), section 3.3.2.
    """
    return float(threshold_otsu(grey))  # type: ignore[no-untyped-call]
