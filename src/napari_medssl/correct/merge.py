"""What a model proposes against what is there: the difference, and the edit that accepts it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct.change import require_room
from napari_medssl.correct.edit import Edit
from napari_medssl.errors import GeometryError
from napari_medssl.volume.label_types import label_type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

#: what accepting makes of a voxel, as `Difference.codes` tells it; 0 where the model says nothing
SAME, ADDED, REMOVED, KEPT = 1, 2, 3, 4

_SLAB = 1 << 22  # voxels that are looked at together


@dataclass(frozen=True)
class Counts:
    """What accepting one class would do, in voxels.

    Parameters
    ----------
    same : int
        The label has them already.
    added : int
        They would become the label's.
    removed : int
        The label would lose them.
    kept : int
        The model disagrees, but they are edited by hand, locked, or of a label it does not know.
    """

    same: int = 0
    added: int = 0
    removed: int = 0
    kept: int = 0


@dataclass(frozen=True, eq=False)
class Merge:
    """Which classes of a proposal go where, and what they may change.

    A label that is accepted becomes what the model says: voxels are added and taken away. Voxels
    of another label are taken only if the model knows that label too, so that the order in which
    labels are accepted does not matter.

    Parameters
    ----------
    targets : mapping of int to int
        Value of a class of the model -> value of the label it is.
    locked : collection of int
        Labels that nothing may add to or take from.
    held : (z, y, x) bool array, optional
        Voxels that keep their value: those edited by hand, those of slices called finished.
    """

    targets: Mapping[int, int]
    locked: Collection[int] = ()
    held: NDArray[np.bool_] | None = None

    def edit(
        self, labels: NDArray[Any], proposed: NDArray[Any], accepted: Collection[int]
    ) -> Edit | None:
        """Return the edit that accepts some classes; nothing is changed yet.

        Parameters
        ----------
        labels, proposed : (z, y, x) unsigned arrays
            The label map, and the model's in values of its classes.
        accepted : collection of int
            Values of classes.

        Returns
        -------
        Edit or None
            None where nothing changes.

        Raises
        ------
        GeometryError
            If the two differ in shape.
        UsageError
            If the label map's type does not hold a label.
        """
        require_room(labels, max((self.targets[value] for value in accepted), default=0))
        after = labels.copy()
        for part, slab in self._slabs(labels, proposed, accepted):
            after[part][slab.takes] = slab.wanted[slab.takes]
            after[part][slab.clears] = 0
        return Edit.between(labels, after)

    def difference(self, labels: NDArray[Any], proposed: NDArray[Any]) -> Difference:
        """Tell what accepting all classes would change; raises as `edit`."""
        codes = np.zeros(labels.shape, np.uint8)
        of_class: dict[int, Counter[int]] = {code: Counter() for code in (SAME, ADDED, KEPT)}
        of_label: dict[int, Counter[int]] = {code: Counter() for code in (REMOVED, KEPT)}
        for part, slab in self._slabs(labels, proposed, list(self.targets)):
            old, new = labels[part], proposed[part]
            wanted = slab.wanted > 0
            same = wanted & (slab.wanted == old)
            known = _among(old, self.targets.values())
            kept = (wanted | known) & ~same & ~slab.takes & ~slab.clears
            marks = ((SAME, same), (ADDED, slab.takes), (REMOVED, slab.clears), (KEPT, kept))
            for code, where in marks:
                codes[part][where] = code
            of_class[SAME] += _tally(new[same])
            of_class[ADDED] += _tally(new[slab.takes])
            of_class[KEPT] += _tally(new[kept & wanted])
            of_label[REMOVED] += _tally(old[(slab.takes | slab.clears) & known])
            of_label[KEPT] += _tally(old[kept & ~wanted])
        return Difference(codes, self._counts(of_class, of_label))

    def _counts(
        self, of_class: Mapping[int, Counter[int]], of_label: Mapping[int, Counter[int]]
    ) -> dict[int, Counts]:
        counts, told = {}, set()
        for value, label in self.targets.items():
            lost = {code: 0 if label in told else of_label[code][label] for code in of_label}
            told.add(label)  # of two classes that become one label, the first tells what it loses
            counts[value] = Counts(
                of_class[SAME][value],
                of_class[ADDED][value],
                lost[REMOVED],
                of_class[KEPT][value] + lost[KEPT],
            )
        return counts

    def _slabs(
        self, labels: NDArray[Any], proposed: NDArray[Any], accepted: Collection[int]
    ) -> Iterator[tuple[slice, _Slab]]:
        """Go through both slab by slab: temporaries of a whole scan would take gigabytes."""
        if labels.shape != proposed.shape:
            raise GeometryError(f"a proposal of {proposed.shape} for a label map of {labels.shape}")
        most = int(max((0, *self.targets, proposed.max(initial=0))))
        table = np.zeros(most + 1, label_type(max((0, *self.targets.values()))))
        for value in accepted:
            table[value] = self.targets[value]
        replaced = sorted({self.targets[value] for value in accepted})
        step = max(1, _SLAB // max(1, labels[:1].size))
        for start in range(0, labels.shape[0], step):
            part = slice(start, start + step)
            yield part, self._slab(labels[part], table[proposed[part]], replaced, part)

    def _slab(
        self, old: NDArray[Any], wanted: NDArray[Any], replaced: list[int], part: slice
    ) -> _Slab:
        free = ~_among(old, self.locked) & ~_among(wanted, self.locked)
        if self.held is not None:
            free &= ~self.held[part]
        known = _among(old, [0, *self.targets.values()])
        takes = free & (wanted > 0) & (wanted != old) & known
        clears = free & (wanted == 0) & _among(old, replaced)
        return _Slab(wanted, takes, clears)


@dataclass(frozen=True, eq=False)
class Difference:
    """What accepting all of a proposal would change.

    Parameters
    ----------
    codes : (z, y, x) uint8 array
        `SAME`, `ADDED` (or changed to another label), `REMOVED`, `KEPT`, or 0.
    counts : mapping of int to Counts
        By value of the model's class.
    """

    codes: NDArray[np.uint8]
    counts: Mapping[int, Counts] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Voxels that are left as they are although the model disagrees."""
        return int(np.count_nonzero(self.codes == KEPT))


@dataclass(frozen=True, eq=False)
class _Slab:
    """Some slices: the labels that are wanted there, and which voxels change."""

    wanted: NDArray[Any]
    takes: NDArray[np.bool_]
    clears: NDArray[np.bool_]


def _among(labels: NDArray[Any], values: Iterable[int]) -> NDArray[np.bool_]:
    """Tell which voxels have one of some labels; by a table, many times faster than a search."""
    if labels.dtype.itemsize > 2:
        return np.isin(labels, list(values))
    table = np.zeros(np.iinfo(labels.dtype).max + 1, bool)
    table[[value for value in values if value < table.size]] = True
    found: NDArray[np.bool_] = table[labels]
    return found


def _tally(values: NDArray[Any]) -> Counter[int]:
    if values.dtype.itemsize > 2:
        found, times = np.unique(values, return_counts=True)
    else:  # many times faster than sorting
        every = np.bincount(values)
        found = np.flatnonzero(every)
        times = every[found]
    return Counter(dict(zip(found.tolist(), times.tolist(), strict=True)))
