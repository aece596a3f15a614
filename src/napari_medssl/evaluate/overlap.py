"""How much two masks overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def dice(predicted: NDArray[Any], reference: NDArray[Any]) -> float:
    """Dice coefficient 2 |A and B| / (|A| + |B|) of two masks, in 0..1.

    Parameters
    ----------
    predicted, reference : arrays of one shape
        Voxels other than 0 are inside.

    Returns
    -------
    float
        nan when both masks are empty, as there is nothing to measure.

    Raises
    ------
    GeometryError
        If the shapes differ.
    """
    if predicted.shape != reference.shape:
        raise GeometryError(
            f"masks of {predicted.shape} and {reference.shape} voxels", expected="one shape"
        )
    a, b = predicted != 0, reference != 0
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero(a & b)) / total if total else float("nan")
