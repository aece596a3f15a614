"""What is removed from a network's labels: all but the largest component, and specks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import ndimage

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cleaned(
    labels: NDArray[Any],
    spacing_mm: tuple[float, float, float],
    *,
    keep_largest: tuple[int, ...] | Literal["all"] = (),
    min_mm3: float = 0,
) -> NDArray[Any]:
    """Remove components of labels; what hangs together through faces of voxels is one.

    Parameters
    ----------
    labels : (z, y, x) array
        Label values, 0 outside; not changed.
    spacing_mm : tuple of float
        Voxel size along z, y, x.
    keep_largest : tuple of int or "all"
        Labels of which only the largest component is kept; of equals the first in (z, y, x) order.
    min_mm3 : float
        Components of every label that are smaller are removed.

    Returns
    -------
    (z, y, x) array
        The same array where nothing is asked.

    Raises
    ------
    UsageError
        If the size is not finite and 0 or more.
    """
    if not (math.isfinite(min_mm3) and min_mm3 >= 0):
        raise UsageError(f"components of at least {min_mm3:g} mm3", expected="0 or more")
    if not keep_largest and not min_mm3:
        return labels
    labels = labels.copy()
    least = min_mm3 / math.prod(spacing_mm)
    # objects are found at once, then looked at in their own boxes
    for value, box in enumerate(_boxes(labels), 1):
        if box is None:
            continue
        part = labels[box]
        only_largest = keep_largest == "all" or value in keep_largest
        part[_surplus(part == value, least, only_largest=only_largest)] = 0
    return labels


def _boxes(labels: NDArray[Any]) -> list[tuple[slice, slice, slice] | None]:
    found: list[tuple[slice, slice, slice] | None] = ndimage.find_objects(
        labels if labels.dtype.itemsize < 4 else labels.astype(np.int64)
    )
    return found


def _surplus(mask: NDArray[np.bool_], least: float, *, only_largest: bool) -> NDArray[np.bool_]:
    """Mark the components that go."""
    components, count = ndimage.label(mask)
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    goes = sizes < least
    if only_largest and count:
        goes[1:] |= np.arange(1, count + 1) != 1 + np.argmax(sizes[1:])
    goes[0] = False
    surplus: NDArray[np.bool_] = goes[components]
    return surplus
