"""How much two masks overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Overlap:
    """How many voxels two masks have, and how many they share.

    Parameters
    ----------
    predicted, reference, shared : int
        Voxels in the one, in the other, and in both.
    """

    predicted: int
    reference: int
    shared: int

    @property
    def dice(self) -> float:
        """2 |A and B| / (|A| + |B|), in 0..1; nan when both are empty."""
        total = self.predicted + self.reference
        return 2 * self.shared / total if total else float("nan")

    @property
    def iou(self) -> float:
        """|A and B| / |A or B| (Jaccard), in 0..1; nan when both are empty."""
        either = self.predicted + self.reference - self.shared
        return self.shared / either if either else float("nan")


def count_overlap(predicted: NDArray[Any], reference: NDArray[Any]) -> Overlap:
    """Count the voxels of two masks.

    Parameters
    ----------
    predicted, reference : arrays of one shape
        Voxels other than 0 are inside.

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
    count = np.count_nonzero
    return Overlap(int(count(a)), int(count(b)), int(count(a & b)))


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
    return count_overlap(predicted, reference).dice


def iou(predicted: NDArray[Any], reference: NDArray[Any]) -> float:
    """Intersection over union of two masks, in 0..1; arguments and errors as of `dice`."""
    return count_overlap(predicted, reference).iou
