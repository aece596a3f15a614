"""What belongs to one mask beside its voxels, shared by every panel that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_medssl.correct import History
from napari_medssl.correct.hand import hand_edited
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from napari_medssl.correct import Step
    from napari_medssl.io import LabelInfo
    from napari_medssl.segment import Plane

What = Literal["do", "undo", "redo", "labels", "done"]


@dataclass(frozen=True)
class LabelRow:
    """One line of the label table.

    Parameters
    ----------
    info : LabelInfo
        Value, name and colour.
    visible : bool
        Whether it is drawn.
    locked : bool
        Whether nothing may add to it or take from it.
    """

    info: LabelInfo
    visible: bool = True
    locked: bool = False


class Document:
    """A mask's label table, finished slices, sources of its outlines, and history.

    The voxels themselves are the layer's. It lies in the layer's metadata, so that two panels on
    one viewer see the same; whoever listens hears of each change, in order.

    Parameters
    ----------
    labels : sequence of LabelRow
        The label table; one label unless given.
    history : History, optional
        Steps to begin with.
    done : set of Plane
        Slices that the user calls finished; later parts learn from them.
    outlines : sequence of mapping
        How each outline came about, those of the steps in ``history`` among them.
    prompts : list
        Prompts not kept yet, as `segment.provenance.plain_prompts` writes them.
    used_elsewhere : callable, optional
        Tells how many other masks with this label table hold voxels of a value.
    hand_before : callable, optional
        Returns which voxels (z, y, x) a person changed last before the first step of ``history``;
        may be slow, and None where there was nothing before.
    """

    def __init__(
        self,
        labels: Iterable[LabelRow] = (),
        *,
        history: History | None = None,
        done: Iterable[Plane] = (),
        outlines: Iterable[Mapping[str, Any]] = (),
        prompts: Iterable[Any] = (),
        used_elsewhere: Callable[[int], int] = lambda _: 0,
        hand_before: Callable[[], NDArray[np.bool_] | None] = lambda: None,
    ) -> None:
        self._labels = tuple(labels) or (LabelRow(unnamed_label(1)),)
        self._history = history or History()
        self._done = frozenset(done)
        self._outlines = tuple(outlines)
        self._prompts = list(prompts)
        self.used_elsewhere = used_elsewhere
        self._hand_before = cache(hand_before)
        self._deleted: dict[int, LabelRow] = {}
        self._listeners: list[Callable[[What, Step | None], None]] = []

    @property
    def labels(self) -> tuple[LabelRow, ...]:
        """The label table, sorted by value."""
        return self._labels

    @property
    def locked(self) -> frozenset[int]:
        """Values that nothing may change."""
        return frozenset(row.info.value for row in self._labels if row.locked)

    @property
    def done(self) -> frozenset[Plane]:
        """Slices that the user calls finished."""
        return self._done

    @property
    def outlines(self) -> tuple[Mapping[str, Any], ...]:
        """How each outline came about; those of steps taken back are not among them."""
        return self._outlines

    @property
    def prompts(self) -> list[Any]:
        """Prompts not kept yet, as plain values."""
        return list(self._prompts)

    @property
    def history(self) -> History:
        """The steps done and taken back; change it through `do`, `undo` and `redo` only."""
        return self._history

    def hand_edited(self, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
        """Tell which voxels of a mask of this shape a person changed last; slow the first time."""
        return hand_edited(shape, self._history, self._hand_before())

    def listen(self, listener: Callable[[What, Step | None], None]) -> Callable[[], None]:
        """Tell ``listener`` what changed from now on; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def do(self, step: Step) -> None:
        """Add a step; its edit is in the voxels already."""
        self._history.push(step)
        self._follow("do", step, after=True)

    def undo(self) -> Step | None:
        """Take back the last step; the caller reverts its edit. None when there is none."""
        step = self._history.undo()
        if step is not None:
            self._follow("undo", step, after=False)
        return step

    def redo(self) -> Step | None:
        """Make the step last taken back again; the caller applies its edit."""
        step = self._history.redo()
        if step is not None:
            self._follow("redo", step, after=True)
        return step

    def set_labels(self, rows: Iterable[LabelRow]) -> None:
        """Take another label table; what is not in it any more is remembered for undo."""
        before = {row.info.value: row for row in self._labels}
        self._labels = tuple(sorted(rows, key=lambda row: row.info.value))
        gone = before.keys() - {row.info.value for row in self._labels}
        self._deleted.update({value: before[value] for value in gone})
        self._tell("labels")

    def change_label(self, value: int, **fields: Any) -> None:
        """Change ``visible``, ``locked`` or fields of ``info`` of one label."""
        own = {key: fields.pop(key) for key in ("visible", "locked") if key in fields}
        self.set_labels(
            replace(row, info=replace(row.info, **fields), **own)
            if row.info.value == value
            else row
            for row in self._labels
        )

    def mark(self, plane: Plane, *, done: bool) -> None:
        """Call a slice finished, or not."""
        self._done = self._done | {plane} if done else self._done - {plane}
        self._tell("done")

    def _follow(self, what: What, step: Step, *, after: bool) -> None:
        """Be as the step leaves things, and tell of it."""
        if step.prompts is not None:
            self._prompts = list(step.prompts[after])
        if after:
            self._outlines += step.outlines
        else:  # the last step's are the last ones
            self._outlines = self._outlines[: len(self._outlines) - len(step.outlines)]
        if step.edit is not None:
            self._name_values(step.edit.after if after else step.edit.before)
        self._tell(what, step)

    def _name_values(self, values: NDArray[Any]) -> None:
        """Put every value that is now in the voxels into the label table."""
        present = {int(value) for value in np.unique(values)} - {0}
        new = present - {row.info.value for row in self._labels}
        if new:
            rows = [self._deleted.get(v) or LabelRow(unnamed_label(v)) for v in sorted(new)]
            self.set_labels((*self._labels, *rows))

    def _tell(self, what: What, step: Step | None = None) -> None:
        for listener in tuple(self._listeners):
            listener(what, step)
