"""What napari's points and rectangles mark: places on one slice of an image, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import PromptError
from napari_medssl.segment.prompts import BoxPrompt, Plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF_VOXEL = 0.5


def point_on_slice(
    at: NDArray[Any], axis: int, last: NDArray[Any]
) -> tuple[Plane, tuple[float, float, float]]:
    """Return the slice of a point, and its index (z, y, x) there.

    Parameters
    ----------
    at : (3,) array
        The point as napari holds it.
    axis : int
        The axis that the slice stands across.
    last : (3,) array
        Index of the image's last voxel.

    Raises
    ------
    PromptError
        If it lies beside the image.
    """
    _require_on_image(at, at, last)
    z, y, x = (float(round(v) if a == axis else v) for a, v in enumerate(at))
    return Plane(axis, round(float(at[axis]))), (z, y, x)


def box_on_slice(corners: NDArray[Any], axis: int, last: NDArray[Any]) -> tuple[Plane, BoxPrompt]:
    """Return the slice of a rectangle, and the voxels that it holds of the image.

    Parameters
    ----------
    corners : (n, 3) array
        As napari holds them; what lies beyond the image is cut off.
    axis, last, and errors
        As `point_on_slice`.
    """
    _require_on_image(corners.min(axis=0), corners.max(axis=0), last)
    low = np.clip(np.rint(corners.min(axis=0)), 0, last).astype(int)
    high = np.clip(np.rint(corners.max(axis=0)), 0, last).astype(int)
    high[axis] = low[axis]
    (a, b, c), (d, e, f) = low.tolist(), high.tolist()
    return Plane(axis, int(low[axis])), BoxPrompt((a, b, c), (d, e, f))


def corners_of(box: BoxPrompt, axis: int) -> NDArray[np.float64]:
    """Return the four corners of a box in order around it, (4, 3)."""
    low, high = np.asarray(box.low_zyx, float), np.asarray(box.high_zyx, float)
    rows, cols = (a for a in range(3) if a != axis)
    corners = np.tile(low, (4, 1))
    corners[1:3, cols] = high[cols]
    corners[2:, rows] = high[rows]
    return corners


def _require_on_image(low: NDArray[Any], high: NDArray[Any], last: NDArray[Any]) -> None:
    if (high < -_HALF_VOXEL).any() or (low >= last + _HALF_VOXEL).any():
        raise PromptError("a mark beside the image", do="Draw on the image")
