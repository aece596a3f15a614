"""Which voxels a correction may change: locked labels, other labels, a range of intensities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Rules:
    """What every brush and tool keeps to.

    Parameters
    ----------
    locked : set of int
        Labels that nothing may add to or take from.
    overwrite : bool
        Whether a label may take voxels from other labels.
    low, high : float or None
        Only voxels whose intensity lies in this range may change, both ends included; None for
        an open end. In the image's own values: HU for CT.

    Raises
    ------
    UsageError
        If the range is empty, or an end of it is not a number.
    """

    locked: frozenset[int] = frozenset()
    overwrite: bool = False
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        low, high = self.low, self.high
        if any(end is not None and math.isnan(end) for end in (low, high)):
            raise UsageError("an intensity range whose end is not a number")
        if low is not None and high is not None and low > high:
            raise UsageError(
                f"the intensity range {low:g} to {high:g}", expected="the lower end first"
            )

    @property
    def has_range(self) -> bool:
        """Whether only a range of intensities may change."""
        return self.low is not None or self.high is not None

    def allows(
        self, labels: NDArray[Any], value: int, image: NDArray[Any] | None = None
    ) -> NDArray[np.bool_]:
        """Tell which voxels may become ``value``.

        Parameters
        ----------
        labels : unsigned array
            A label map or any part of it.
        value : int
            The label to give; 0 erases, whichever label it meets.
        image : array of the same shape, optional
            Intensities; a voxel that is not a number (NaN) lies in no range.

        Returns
        -------
        bool array
            Nothing of it is true where ``value`` itself is locked.

        Raises
        ------
        UsageError
            If there is a range of intensities, but no image of one intensity a voxel.
        """
        if value in self.locked:
            return np.zeros(labels.shape, bool)
        allowed = np.ones(labels.shape, bool)
        if value != 0 and not self.overwrite:
            allowed = (labels == 0) | (labels == value)
        for label in self.locked:
            allowed &= labels != label
        if self.has_range:
            allowed &= in_range(image, labels.shape, self.low, self.high)
        return allowed


def in_range(
    image: NDArray[Any] | None, shape: tuple[int, ...], low: float | None, high: float | None
) -> NDArray[np.bool_]:
    """Tell which intensities lie in a range, both ends included; NaN never does.

    Raises
    ------
    UsageError
        If there is no image of ``shape``: none at all, or one of colours.
    """
    if image is None or image.shape != shape:
        raise UsageError(
            "a range of intensities for a mask without a grey-scale image",
            expected="an image of one value a voxel, of the mask's size",
        )
    found = ~np.isnan(image) if image.dtype.kind == "f" else np.ones(shape, bool)
    if low is not None:
        found &= image >= low
    if high is not None:
        found &= image <= high
    return found
