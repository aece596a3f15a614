"""One label together with another one, or with another mask.

The labels of one map never overlap, so with a label of the same map only one operation means
anything: taking its voxels. The others need a mask from elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.correct.box import Box
    from napari_medssl.correct.edit import Edit
    from napari_medssl.correct.target import Target


def union(target: Target) -> Edit | None:
    """Add the other label, or the other mask, to this label.

    A label that the user names here gives up its voxels even where other labels may not be
    overwritten; if it is locked, it keeps them.
    """
    box = target.box_of(_other(target, target.whole))
    if box is None:
        return None
    named = isinstance(target.other, int)
    rules = replace(target.rules, overwrite=True) if named else target.rules
    return target.put(box, _other(target, box), add_only=True, rules=rules)


def intersect(target: Target) -> Edit | None:
    """Keep of this label what lies in the other mask."""
    box = target.bounds
    return None if box is None else target.put(box, target.mask(box) & _other(target, box))


def subtract(target: Target) -> Edit | None:
    """Remove from this label what lies in the other mask."""
    box = target.bounds
    return None if box is None else target.put(box, target.mask(box) & ~_other(target, box))


def clear(target: Target) -> Edit | None:
    """Remove all of this label."""
    box = target.bounds
    return None if box is None else target.put(box, np.zeros_like(target.mask(box)))


def _other(target: Target, box: Box) -> NDArray[np.bool_]:
    if isinstance(target.other, np.ndarray):
        return target.other[box]
    of_it: NDArray[np.bool_] = target.labels[box] == target.other
    return of_it
