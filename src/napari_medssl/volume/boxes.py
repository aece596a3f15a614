"""Where the labels of a mask lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_LISTED = 1 << 16  # scipy lists every value up to the highest


def label_boxes(labels: NDArray[Any]) -> dict[int, tuple[slice, ...]]:
    """Return the smallest box around each label that is there, by rising value.

    Parameters
    ----------
    labels : array of integers, of any shape
        0 is none.
    """
    highest = int(labels.max(initial=0))
    if not highest:
        return {}
    if highest < _MOST_LISTED:
        found = ndimage.find_objects(labels, highest)
        return {value: box for value, box in enumerate(found, start=1) if box is not None}
    values, numbers = np.unique(labels, return_inverse=True)
    boxes = ndimage.find_objects(numbers.reshape(labels.shape) + 1)
    return {value: box for value, box in zip(values.tolist(), boxes, strict=True) if value}
