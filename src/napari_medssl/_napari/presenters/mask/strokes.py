"""A stroke as napari tells of it, and the voxels that were there before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Stroke:
    """A part of a label map that was just painted on.

    Parameters
    ----------
    box : tuple of slices
        The part, along (z, y, x).
    before : unsigned array
        Its voxels as they were.
    """

    box: Box
    before: NDArray[Any]

    @property
    def low(self) -> tuple[int, int, int]:
        """Where the part begins."""
        z, y, x = (part.start for part in self.box)
        return z, y, x


def read_stroke(labels: NDArray[Any], atoms: Sequence[Any]) -> Stroke:
    """Tell what a stroke covered, and what was there before.

    Parameters
    ----------
    labels : (z, y, x) unsigned array
        The label map, painted already.
    atoms : sequence
        At least one, in order, as the ``paint`` event of a labels layer holds them: ``(slices,
        mask or None, old values, new value)`` of napari's own tools, or ``(indices, old values,
        new values)`` of ``data_setitem``.
    """
    extents = [_extent(atom) for atom in atoms]
    z, y, x = (
        slice(min(e[axis][0] for e in extents), max(e[axis][1] for e in extents))
        for axis in range(3)
    )
    before = labels[z, y, x].copy()
    for atom in reversed(atoms):
        _take_back(before, (z.start, y.start, x.start), atom)
    return Stroke((z, y, x), before)


def is_written(labels: NDArray[Any], atom: Any) -> bool:
    """Whether a label map holds what an atom changed: napari tells of some changes before it.

    Every voxel of an atom changes, so the first one tells.
    """
    if not _is_masked(atom):
        first = tuple(np.asarray(index).flat[0] for index in atom[0])
        return bool(labels[first] != np.asarray(atom[1]).flat[0])
    parts, mask, old = atom[:3]
    first = np.unravel_index(0 if mask is None else int(mask.argmax()), _shape(parts))
    at = tuple(part.start + step for part, step in zip(parts, first, strict=True))
    return bool(labels[at] != old.flat[0])


def _shape(parts: Sequence[slice]) -> tuple[int, ...]:
    return tuple(part.stop - part.start for part in parts)


def _extent(atom: Any) -> list[tuple[int, int]]:
    """First voxel along each axis, and the one after the last."""
    if _is_masked(atom):
        return [(part.start, part.stop) for part in atom[0]]
    return [(int(at.min()), int(at.max()) + 1) for at in atom[0]]


def _take_back(before: NDArray[Any], low: tuple[int, int, int], atom: Any) -> None:
    if not _is_masked(atom):
        at = tuple(np.asarray(index) - start for index, start in zip(atom[0], low, strict=True))
        before[at] = atom[1]
        return
    parts, mask, old = atom[:3]
    region = before[
        tuple(slice(p.start - at, p.stop - at) for p, at in zip(parts, low, strict=True))
    ]
    if mask is None:
        region[...] = old
    else:
        region[mask] = old


def _is_masked(atom: Any) -> bool:
    return len(atom) == 4
