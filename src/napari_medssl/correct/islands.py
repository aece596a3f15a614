"""Islands: the parts of a label that hang together through the faces of voxels."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_medssl.correct.box import index_in
from napari_medssl.correct.change import require_room
from napari_medssl.correct.edit import Edit
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.correct.target import Target

#: each becomes a row of the label table
MOST_ISLANDS = 100


def keep_largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the island of most voxels; of several as large, the one met first in (z, y, x) order."""
    largest: NDArray[np.bool_] = numbered(mask) == 1
    return largest


def remove_small(mask: NDArray[np.bool_], voxels: float) -> NDArray[np.bool_]:
    """Remove islands of fewer than so many voxels."""
    islands, count = ndimage.label(mask)
    large = np.bincount(islands.ravel(), minlength=count + 1) >= voxels
    large[0] = False
    kept: NDArray[np.bool_] = large[islands]
    return kept


def numbered(mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Number the islands from 1, the largest first; 0 outside.

    Islands as large as each other are numbered as they are met in (z, y, x) order.
    """
    islands, count = ndimage.label(mask)
    sizes = np.bincount(islands.ravel(), minlength=count + 1)[1:]
    number = np.zeros(count + 1, islands.dtype)
    number[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    found: NDArray[Any] = number[islands]
    return found


def choose(target: Target, *, keep: bool) -> Edit | None:
    """Keep the island that the target's voxel lies in and remove the others, or the other way.

    Raises
    ------
    UsageError
        If the voxel lies in no island.
    """
    box, voxel = target.bounds, target.voxel
    at = None if box is None or voxel is None else index_in(box, voxel)
    if box is None or at is None or not target.mask(box)[at]:
        raise UsageError("a voxel outside the label", do="Choose a voxel of one of its islands")
    mask = target.mask(box)
    islands, _ = ndimage.label(mask)
    chosen = islands == islands[at]
    return target.put(box, chosen if keep else mask & ~chosen)


def split(target: Target) -> Edit | None:
    """Give every island a label of its own; the largest keeps the value.

    The next in size takes the first of the target's new values, and so on.

    Raises
    ------
    UsageError
        If there are more islands than anyone would look at, than new values, or than the label
        map's type can number.
    """
    box = target.bounds
    if box is None:
        return None
    islands = numbered(target.mask(box))
    count = int(islands.max())
    if count > MOST_ISLANDS:
        raise UsageError(
            f"{count:,} islands", expected=f"up to {MOST_ISLANDS}", do="Remove small islands first"
        )
    values = np.array([0, target.value, *islice(target.new_values, count - 1)])
    if len(values) <= count:
        raise UsageError(f"{count} islands and {len(values) - 2} free labels")
    require_room(target.labels, int(values.max()))
    part = target.labels[box]
    free = np.isin(values, list(target.rules.locked), invert=True)
    moved = (islands > 1) & free[islands] & target.rules.allows(part, 0, target.grey(box))
    after = np.where(moved, values.astype(part.dtype)[islands], part)
    return Edit.between(part, after, (box[0].start, box[1].start, box[2].start))
