"""What made an image whose format does not say it: a guess from the values, told to the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.volume.volume import Modality, Notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_SAMPLES = 1_000_000
_AIR_HU = -200  # below fat: only air and lung
_TISSUE_HU = (-1100, 3100)  # air to dense bone; padding below the scan's own circle left out
_LEAST_TISSUE = 0.99

_CT = Notice(
    "modality-guessed",
    "The file does not say what made the image. Its values look like those of a CT (whole numbers "
    "with air below -200), so they are taken as Hounsfield units.",
)
_OTHER = Notice(
    "modality-guessed",
    "The file does not say what made the image, and its values do not look like a CT's. "
    "Brightness is set by percentiles.",
)


def guess_modality(array: NDArray[Any]) -> tuple[Modality, str, Notice]:
    """Return (modality, units, notice) for voxels of any shape.

    CT is guessed for whole numbers of which some are as low as only air is, and nearly all lie
    between air and dense bone; phase images of MR, as wide as CT but even, are not taken for it.
    Everything else is "OT".
    """
    flat = array.ravel(order="K")  # no copy, whatever the order
    flat = flat[:: max(1, flat.size // _MOST_SAMPLES)]
    flat = flat[np.isfinite(flat)]
    return ("CT", "HU", _CT) if _looks_like_ct(flat) else ("OT", "", _OTHER)


def _looks_like_ct(values: NDArray[Any]) -> bool:
    if values.size == 0 or values.dtype.kind == "u" or values.min() > _AIR_HU:
        return False
    inside = values[values > values.min()]
    if inside.size == 0 or (values.dtype.kind == "f" and (values != np.rint(values)).any()):
        return False
    low, high = _TISSUE_HU
    return bool(((inside >= low) & (inside <= high)).mean() >= _LEAST_TISSUE)
