"""What belongs to one mask beside its voxels, shared by every panel that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from napari_medssl.correct import History
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from napari_medssl.correct import Step
    from napari_medssl.io import LabelInfo
    from napari_medssl.segment import Plane

What = Literal["do", "undo", "redo", "labels", "done", "outlines"]


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
        How each outline came about.
    prompts : list
        Prompts not kept yet, as `segment.provenance.plain_prompts` writes them.
    """

    def __init__(
        self,
        labels: Iterable[LabelRow] = (),
        *,
        history: History | None = None,
        done: Iterable[Plane] = (),
        outlines: Iterable[Mapping[str, Any]] = (),
        prompts: Iterable[Any] = (),
    ) -> None:
        self._labels = tuple(labels) or (LabelRow(unnamed_label(1)),)
        self._history = history or History()
        self._done = frozenset(done)
        self._outlines = tuple(outlines)
        self._prompts = list(prompts)
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
        """How each outline came about."""
        return self._outlines

    @property
    def prompts(self) -> list[Any]:
        """Prompts not kept yet, as plain values."""
        return list(self._prompts)

    @property
    def history(self) -> History:
        """The steps done and taken back; change it through `do`, `undo` and `redo` only."""
        return self._history

    def listen(self, listener: Callable[[What, Step | None], None]) -> Callable[[], None]:
        """Tell ``listener`` what changed from now on; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def do(self, step: Step) -> None:
        """Add a step; its edit is in the voxels already."""
        self._history.push(step)
        self._take_prompts(step, after=True)
        self._tell("do", step)

    def undo(self) -> Step | None:
        """Take back the last step; the caller reverts its edit. None when there is none."""
        step = self._history.undo()
        if step is not None:
            self._take_prompts(step, after=False)
            self._tell("undo", step)
        return step

    def redo(self) -> Step | None:
        """Make the step last taken back again; the caller applies its edit."""
        step = self._history.redo()
        if step is not None:
            self._take_prompts(step, after=True)
            self._tell("redo", step)
        return step

    def set_labels(self, rows: Iterable[LabelRow]) -> None:
        """Take another label table."""
        self._labels = tuple(sorted(rows, key=lambda row: row.info.value))
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

    def note(self, outline: Mapping[str, Any]) -> None:
        """Note where an outline came from."""
        self._outlines = (*self._outlines, outline)
        self._tell("outlines")

    def _take_prompts(self, step: Step, *, after: bool) -> None:
        if step.prompts is not None:
            self._prompts = list(step.prompts[after])

    def _tell(self, what: What, step: Step | None = None) -> None:
        for listener in tuple(self._listeners):
            listener(what, step)
