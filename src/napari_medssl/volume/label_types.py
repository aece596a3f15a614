"""The smallest type that holds labels: most label maps fit into a byte a voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def label_type(highest: int) -> np.dtype[Any]:
    """Return the smallest unsigned type (8, 16 or 32 bits) that holds a label.

    Raises
    ------
    UsageError
        If it is larger than 4,294,967,295.
    """
    for kind in (np.uint8, np.uint16, np.uint32):
        if highest <= np.iinfo(kind).max:
            return np.dtype(kind)
    raise UsageError(f"the label {highest}", expected="0 to 4,294,967,295")


def smallest_unsigned(values: NDArray[Any]) -> NDArray[Any]:
    """Return labels, which are whole numbers, in the smallest unsigned type that holds them.

    Raises
    ------
    UsageError
        If one is negative, or larger than 4,294,967,295.
    """
    lowest, highest = int(values.min(initial=0)), int(values.max(initial=0))
    if lowest < 0:
        raise UsageError(f"the label {lowest}", expected="0 to 4,294,967,295")
    return np.ascontiguousarray(values.astype(label_type(highest)))
