"""Putting a new outline into a label map without harm to the labels that are already there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Merge:
    """What putting an outline into a label map changes.

    Parameters
    ----------
    change : bool array
        Voxels that take the new label; the label map's shape.
    protected : int
        Voxels of the outline that keep another label.
    """

    change: NDArray[np.bool_]
    protected: int

    @property
    def changed(self) -> int:
        """How many voxels take the new label."""
        return int(np.count_nonzero(self.change))


def plan_merge(
    labels: NDArray[Any], mask: NDArray[Any], value: int, *, overwrite: bool = False
) -> Merge:
    """Tell which voxels of ``labels`` would become ``value``; nothing is changed.

    Parameters
    ----------
    labels : integer array
        A label map, or a view of one plane of it; 0 is background.
    mask : array
        The outline, of the same shape; true (non-zero) inside.
    value : int
        The label to give, at least 1 and no more than the label map's type holds.
    overwrite : bool
        Whether voxels of other labels may be taken too.

    Raises
    ------
    GeometryError
        If the two shapes differ.
    UsageError
        If ``value`` is not a label that this map can hold.
    """
    if labels.shape != mask.shape:
        raise GeometryError(
            f"an outline of {mask.shape} for a label map of {labels.shape}",
            expected="the same shape",
        )
    most = np.iinfo(labels.dtype).max
    if not 1 <= value <= most:
        raise UsageError(f"the label {value}", expected=f"a whole number from 1 to {most}")
    inside = mask.astype(bool) & (labels != value)
    taken = inside & (labels != 0)
    if overwrite:
        return Merge(inside, 0)
    return Merge(inside & ~taken, int(np.count_nonzero(taken)))


def merge_mask(
    labels: NDArray[Any], mask: NDArray[Any], value: int, *, overwrite: bool = False
) -> Merge:
    """Write ``value`` into ``labels``, in place, where `plan_merge` allows it; return the plan."""
    plan = plan_merge(labels, mask, value, overwrite=overwrite)
    labels[plan.change] = value
    return plan
