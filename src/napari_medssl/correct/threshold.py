"""Filling a label by intensity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.correct.rules import in_range
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.correct.edit import Edit
    from napari_medssl.correct.target import Target


def fill_range(target: Target, low: float, high: float, *, in_bounds: bool = False) -> Edit | None:
    """Add every voxel whose intensity lies in a range.

    Parameters
    ----------
    target : Target
        A label and its image.
    low, high : float
        Both ends belong to the range; in the image's own values, HU for CT.
    in_bounds : bool
        Only in the smallest box around the label, not in the whole scan.

    Raises
    ------
    UsageError
        If the range is empty, or there is no grey-scale image.
    """
    if low > high:
        raise UsageError(f"the range {low:g} to {high:g}", expected="the lower end first")
    box = target.bounds if in_bounds else target.whole
    if box is None:
        return None
    part = target.labels[box]
    return target.put(box, in_range(target.grey(box), part.shape, low, high), add_only=True)
