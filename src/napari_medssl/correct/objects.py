"""Objects: every island of every label, in an order to go through them one by one."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_medssl.correct.box import box_around, inside
from napari_medssl.correct.islands import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_medssl.correct.box import Box
    from napari_medssl.correct.edit import Index

#: of one label: nobody goes through more
MOST_OBJECTS = 200
_MOST_LISTED = 1 << 20  # scipy keeps a place for every value up to the largest


@dataclass(frozen=True)
class LabelObject:
    """One island of one label.

    Parameters
    ----------
    value : int
        Of the label.
    voxels : int
        How many it has.
    middle : (z, y, x)
        The voxel of it that is nearest to its centre.
    """

    value: int
    voxels: int
    middle: Index

    @property
    def place(self) -> tuple[int, ...]:
        """Where it stands in the order: by label, the largest of each first."""
        return (self.value, -self.voxels, *self.middle)


def label_objects(labels: NDArray[Any], values: Iterable[int]) -> list[LabelObject]:
    """Return the objects of these labels: by label, the largest of each first.

    Parameters
    ----------
    labels : (z, y, x) integer array
        The label map.
    values : iterable of int
        The labels looked at, all above 0; of each the `MOST_OBJECTS` largest islands.
    """
    wanted = sorted(values)
    few = [value for value in wanted if value <= _MOST_LISTED]
    boxes = ndimage.find_objects(labels, max(few)) if few else []
    found: list[LabelObject] = []
    for value in wanted:
        box = boxes[value - 1] if value <= len(boxes) else box_around(labels == value)
        if box is not None:
            found += _islands(labels[box] == value, value, box)
    return found


def next_object(
    objects: Sequence[LabelObject], last: LabelObject | None, by: int, *, value: int, gone: bool
) -> int:
    """Return the number, from 0, of the object so many further on; after the last the first.

    Parameters
    ----------
    objects : sequence of LabelObject
        All there are, in order; at least one.
    last : LabelObject, optional
        The one shown last; the label map may have changed since.
    by : int
        How many further; below 0 backwards, never 0.
    value : int
        The label to begin with when none was shown.
    gone : bool
        Whether the one shown last is no more.
    """
    same = [n for n, o in enumerate(objects) if last is not None and o.value == last.value]
    if last is not None and same and not gone:
        where = np.asarray(last.middle)
        at = min(same, key=lambda n: float(np.square(objects[n].middle - where).sum()))
        return (at + by) % len(objects)
    before = last.place if last is not None else (value,)
    at = bisect_left([o.place for o in objects], before)
    return (at + by - (by > 0)) % len(objects)


def _islands(mask: NDArray[np.bool_], value: int, box: Box) -> list[LabelObject]:
    islands = numbered(mask)
    found = []
    for number, part in enumerate(ndimage.find_objects(islands, MOST_OBJECTS), 1):
        if part is None:
            break
        at = np.argwhere(islands[part] == number)
        nearest = at[np.square(at - at.mean(axis=0)).sum(axis=1).argmin()]
        first = (side.start for side in inside(box, part))
        z, y, x = (int(low + n) for low, n in zip(first, nearest, strict=True))
        found.append(LabelObject(value, len(at), (z, y, x)))
    return found
