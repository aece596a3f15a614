"""Which voxels a person changed last: whatever a model proposes, these are left alone."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_medssl.correct.edit import Edit, Index
    from napari_medssl.correct.history import History


@dataclass(frozen=True, eq=False)
class Trace:
    """Where a step that cannot be taken back any more changed a label map, and who did it.

    Parameters
    ----------
    low, shape : (z, y, x)
        The box it changed something in.
    packed : bytes
        The edit's bits, deflated.
    by_hand : bool
        Whether a person did it.
    """

    low: Index
    shape: Index
    packed: bytes
    by_hand: bool

    @classmethod
    def of(cls, edit: Edit, *, by_hand: bool) -> Trace:
        """Keep of an edit what is needed to know who changed which voxel."""
        return cls(edit.low, edit.shape, zlib.compress(edit.bits.tobytes(), 1), by_hand)

    def mark(self, hand: NDArray[np.bool_]) -> None:
        """Write it into a map of what was changed by hand, in place."""
        bits = np.frombuffer(zlib.decompress(self.packed), np.uint8)
        changed = np.unpackbits(bits, count=math.prod(self.shape)).view(bool)
        z, y, x = (slice(at, at + n) for at, n in zip(self.low, self.shape, strict=True))
        hand[z, y, x][changed.reshape(self.shape)] = self.by_hand


def mark_edit(hand: NDArray[np.bool_], edit: Edit, *, by_hand: bool) -> None:
    """Write one edit into a map of what was changed by hand, in place."""
    hand[edit.box][edit.changed] = by_hand


def hold_slices(hand: NDArray[np.bool_], done: Iterable[tuple[int, int]]) -> NDArray[np.bool_]:
    """Add slices that are called finished, (axis, index), in place, and return it."""
    for axis, index in done:
        hand[(slice(None),) * axis + (index,)] = True
    return hand


def hand_edited(
    shape: Index, history: History, before: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Tell which voxels were changed last by a person: a stroke, a tool, an outline kept.

    What was erased by hand counts too. A voxel that a whole mask from elsewhere has changed since,
    or a step that was taken back, does not.

    Parameters
    ----------
    shape : (z, y, x)
        Of the label map.
    history : History
        Its steps.
    before : (z, y, x) bool array, optional
        The same of all steps before those of the history; it is not changed.

    Returns
    -------
    (z, y, x) bool array

    Raises
    ------
    GeometryError
        If ``before`` is of another shape.
    """
    if before is not None and before.shape != shape:
        raise GeometryError(f"{before.shape} voxels for a label map of {shape}")
    hand = np.zeros(shape, bool) if before is None else before.copy()
    for trace in history.forgotten:
        trace.mark(hand)
    for step in history.done:
        if step.edit is not None:
            mark_edit(hand, step.edit, by_hand=step.by_hand)
    return hand
