"""Copying a label's outline from a slice to its neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.correct.edit import Edit
    from napari_medssl.correct.target import Target


def copy_slice(target: Target, step: int) -> Edit | None:
    """Make the label on this slice as it is on the slice ``step`` farther along.

    Raises
    ------
    UsageError
        If no slice was chosen, there is none so far along, or there is nothing of the label on
        it: copying would only erase.
    """
    if target.plane is None:
        raise UsageError("a copy without a slice", expected="the slice to copy onto")
    axis, start = target.plane.axis, target.plane.index + step
    if not 0 <= start < target.labels.shape[axis]:
        raise UsageError("a copy from beyond the last slice", do="Choose another slice")
    here = list(target.whole)
    here[axis] = slice(start, start + 1)
    wanted = target.labels[tuple(here)] == target.value
    if not wanted.any():
        raise UsageError(
            f"a copy from slice {start}, which has nothing of label {target.value}",
            do="Draw it there first, or copy from the other side",
        )
    return target.put(target.whole, wanted)
