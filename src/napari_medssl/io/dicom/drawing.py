"""Labels drawn on the planes of a series: what a DICOM mask holds, before it is one label map."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_medssl.volume import Notice
from napari_medssl.volume.label_types import label_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.io.label_table import LabelInfo

_MOST_NAMED = 4


class Patch(NamedTuple):
    """Part of one plane: the plane's number, first row and column, and a (rows, columns) mask."""

    plane: int
    row: int
    column: int
    mask: NDArray[np.bool_]

    @classmethod
    def of(cls, plane: int, mask: NDArray[np.bool_]) -> Patch | None:
        """Cut a mask of a whole plane down to what is marked; None where nothing is."""
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            return None
        top, left = int(rows[0]), int(columns[0])
        return cls(plane, top, left, mask[top : rows[-1] + 1, left : columns[-1] + 1].copy())


@dataclass(frozen=True)
class Drawing:
    """One label and where it was drawn.

    Parameters
    ----------
    label : LabelInfo
        Its value, name and colour.
    patches : tuple of Patch
        No two of one plane overlap.
    """

    label: LabelInfo
    patches: tuple[Patch, ...]

    @property
    def voxels(self) -> int:
        """How many voxels it marks."""
        return sum(int(np.count_nonzero(patch.mask)) for patch in self.patches)


def merge(
    drawings: Sequence[Drawing], shape: tuple[int, int, int]
) -> tuple[NDArray[Any], tuple[Notice, ...]]:
    """Paint drawings into one label map; where they overlap the smaller one stays visible.

    Parameters
    ----------
    drawings : sequence of Drawing
        Each with a value of its own.
    shape : (planes, rows, columns)
        Size of the label map.

    Returns
    -------
    array
        (planes, rows, columns), in the smallest unsigned type.
    notices
        How many voxels belong to several labels, and which label they got.
    """
    highest = max((drawing.label.value for drawing in drawings), default=0)
    painted = np.zeros(shape, label_type(highest))
    hidden: Counter[tuple[int, int]] = Counter()
    for drawing in sorted(drawings, key=lambda d: (-d.voxels, d.label.value)):
        value = drawing.label.value
        for plane, row, column, mask in drawing.patches:
            here = painted[plane, row : row + mask.shape[0], column : column + mask.shape[1]]
            below, counts = np.unique(here[mask], return_counts=True)
            for other, count in zip(below.tolist(), counts.tolist(), strict=True):
                if other not in (0, value):
                    hidden[value, other] += count
            here[mask] = value
    return painted, _about(hidden)


def _about(hidden: Counter[tuple[int, int]]) -> tuple[Notice, ...]:
    if not hidden:
        return ()
    pairs = "; ".join(
        f"label {over} over label {under}: {count:,}"
        for (over, under), count in hidden.most_common(_MOST_NAMED)
    )
    more = " and more pairs" if len(hidden) > _MOST_NAMED else ""
    words = (
        f"{sum(hidden.values()):,} voxels belong to more than one label. The smaller label was "
        f"kept there ({pairs}{more}). Read one label alone to have all of it."
    )
    return (Notice("labels-overlap", words),)
