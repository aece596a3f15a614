"""One mask whose every change becomes a step of its document, and keeps to the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl._napari.presenters.mask.strokes import Stroke, read_stroke
from napari_medssl.correct import Edit, Step
from napari_medssl.correct.rules import Rules
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.mask.document import Document
    from napari_medssl.volume import Volume


class Voxels(Protocol):
    """The layer that holds a mask's voxels."""

    @property
    def array(self) -> NDArray[Any]:
        """The label map itself, (z, y, x); whoever changes it calls `refresh`."""

    @property
    def volume(self) -> Volume:
        """The image under it."""

    def refresh(self) -> None:
        """Draw what has changed."""

    def make_room(self, value: int) -> None:
        """Make the voxels' type hold a label."""

    def allow_painting(self, allowed: bool) -> None:
        """Give the mask to napari's tools, or take it from them."""


class MaskListener(Protocol):
    """Who wants to know what became of a stroke."""

    def voxels_left(self, count: int) -> None:
        """So many voxels of a stroke were put back, as the rules want it."""

    def range_picked(self, low: float, high: float) -> None:
        """The user has shown an intensity range with the brush."""


class RecordedMask:
    """Voxels and document of one mask; they change together or not at all.

    Parameters
    ----------
    voxels : Voxels
        Where the voxels are.
    document : Document
        Label table, history and the rest.
    read_only : bool
        Whether nothing may change.
    """

    def __init__(self, voxels: Voxels, document: Document, *, read_only: bool = False) -> None:
        self._voxels = voxels
        self._listeners: list[MaskListener] = []
        self._read_only = read_only
        self._busy = ""
        self._range_wanted = False
        self.document = document
        self.rules = Rules()

    @property
    def array(self) -> NDArray[Any]:
        """The label map itself, (z, y, x)."""
        return self._voxels.array

    @property
    def volume(self) -> Volume:
        """The image under it."""
        return self._voxels.volume

    @property
    def read_only(self) -> bool:
        """Whether nothing may ever change."""
        return self._read_only

    @property
    def why_not(self) -> str:
        """Why it cannot be changed now, in a sentence; empty when it can."""
        if self._read_only:
            return "This mask is open for reading only."
        return self.busy

    @property
    def busy(self) -> str:
        """What is being done to it now, in a sentence; empty when nothing is."""
        return f"Wait a moment: '{self._busy}' is not done yet." if self._busy else ""

    def copy(self) -> NDArray[Any]:
        """Return a copy of the voxels, (z, y, x).

        Raises
        ------
        UsageError
            If they are being changed in the background: a copy would hold half of it.
        """
        if self._busy:
            raise UsageError(self.busy)
        return np.array(self.array)

    def listen(self, listener: MaskListener) -> Callable[[], None]:
        """Tell ``listener`` what became of strokes from now on; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def make_room(self, value: int) -> None:
        """Make the voxels' type hold a label; never while the mask is reserved."""
        self._voxels.make_room(value)

    def reserve(self, words: str) -> None:
        """Keep everyone else from changing the voxels while ``words`` is being done."""
        self._busy = words
        self._voxels.allow_painting(False)

    def give_back(self) -> None:
        """Draw what has changed, and let it be changed again where it was reserved."""
        if self._busy:
            self._busy = ""
            self._voxels.allow_painting(not self._read_only)
        self._voxels.refresh()

    def undo(self) -> Step | None:
        """Take back the last step; None when there is none, or it cannot be now."""
        step = None if self.why_not else self.document.undo()
        if step is not None and step.edit is not None:
            step.edit.revert(self.array)
            self._voxels.refresh()
        return step

    def redo(self) -> Step | None:
        """Make the step last taken back again."""
        step = None if self.why_not else self.document.redo()
        if step is not None and step.edit is not None:
            step.edit.apply(self.array)
            self._voxels.refresh()
        return step

    def pick_range(self) -> None:
        """Let the next stroke show an intensity range instead of painting."""
        self._range_wanted = True

    def forget_range(self) -> None:
        """Let the next stroke paint after all."""
        self._range_wanted = False

    def take_stroke(self, words: str, atoms: Sequence[Any]) -> None:
        """Record what one of napari's tools has just painted; put back what was not allowed.

        Parameters
        ----------
        words : str
            The tool: ``"Brush"``.
        atoms : sequence
            What the ``paint`` event holds; see `read_stroke`.
        """
        stroke = read_stroke(self.array, atoms)
        after = self.array[stroke.box]
        barred = after != stroke.before
        if self._range_wanted:
            self._tell_range(stroke, barred)
        elif not self.why_not:
            barred[barred] = ~self._allowed(stroke, barred)
        left = int(np.count_nonzero(barred))
        if left:
            after[barred] = stroke.before[barred]
            self._voxels.refresh()
        edit = Edit.between(stroke.before, after, stroke.low)
        if edit is not None:
            self.document.do(Step(words, edit))
        if left and not self._range_wanted:
            for listener in tuple(self._listeners):
                listener.voxels_left(left)
        self._range_wanted = False

    def replaced(self, before: NDArray[Any]) -> None:
        """Record that the whole label map was exchanged for another of the same shape."""
        edit = Edit.between(before, self.array)
        if edit is not None:
            self.document.do(Step("Replace mask", edit))

    def _allowed(self, stroke: Stroke, changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of the changed voxels may keep their new value; a flat array."""
        rules = Rules(self.document.locked, self.rules.overwrite, self.rules.low, self.rules.high)
        before, now = stroke.before[changed], self.array[stroke.box][changed]
        image = self._image(stroke, changed)
        allowed = np.zeros(now.shape, bool)
        for value in np.unique(now):
            of_value = now == value
            grey = None if image is None else image[of_value]
            allowed[of_value] = rules.allows(before[of_value], int(value), grey)
        return allowed

    def _image(self, stroke: Stroke, changed: NDArray[np.bool_]) -> NDArray[Any] | None:
        volume = self.volume
        return None if volume.is_rgb else volume.array[stroke.box][changed]

    def _tell_range(self, stroke: Stroke, changed: NDArray[np.bool_]) -> None:
        grey = self._image(stroke, changed)
        if grey is None:
            return
        low, high = (float(v) for v in np.percentile(grey, (5, 95)))
        for listener in tuple(self._listeners):
            listener.range_picked(low, high)
