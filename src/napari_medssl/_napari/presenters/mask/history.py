"""Undo and redo, and every change that the panel itself makes: one step each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl._napari.presenters.mask.background_edit import BackgroundEdit
from napari_medssl.correct import Step
from napari_medssl.segment.provenance import prompts_from_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.scene import MaskScene
    from napari_medssl.correct import Edit

_AT_ONCE = 1 << 21  # voxels that are written within a few milliseconds
Index = tuple[int, int, int]


class HistoryView(Protocol):
    """Undo and Redo."""

    def show_history(self, undo: str, redo: str) -> None:
        """Name what can be taken back and made again; empty where there is nothing."""


class HistoryPresenter:
    """Changes the mask in hand, small edits at once and big ones in the work thread."""

    def __init__(self, view: HistoryView, scene: MaskScene, activity: Activity) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._open: list[BackgroundEdit] = []

    def show(self) -> None:
        """Name the next step in both directions."""
        document = self._scene.document
        done = document.history.done if document else ()
        undone = document.history.undone if document else ()
        self._view.show_history(done[-1].words if done else "", undone[-1].words if undone else "")

    def undo(self) -> None:
        """Take back the last step, on whatever slice it was."""
        document = self._scene.document
        done = document.history.done if document else ()
        self._step(done[-1] if done else None, "undo", "Undone")

    def redo(self) -> None:
        """Make the step last taken back again."""
        document = self._scene.document
        undone = document.history.undone if document else ()
        self._step(undone[-1] if undone else None, "redo", "Done again")

    def undo_prompt(self) -> None:
        """Take back the last step if it was a mark."""
        document = self._scene.document
        done = document.history.done if document else ()
        if done and done[-1].edit is None and not done[-1].outlines:
            self.undo()
        else:
            self._activity.say("The last step was no mark. Undo takes it back.")

    def change(
        self,
        words: str,
        compute: Callable[[RecordedMask], Edit | None],
        then: Callable[[Edit | None], None],
        *,
        voxels: int | None = None,
        prompts: Callable[[list[Any]], list[Any]] | None = None,
        outlines: tuple[Mapping[str, Any], ...] = (),
    ) -> bool:
        """Change the mask in hand, as one step; False if it cannot be now.

        Parameters
        ----------
        words : str
            What is done, for the undo button.
        compute : callable
            Returns the edit for a mask, without changing it.
        then : callable
            Called with the edit once it is made.
        voxels : int, optional
            How many it looks at; many, or nobody knows how many, are left to the work thread.
        prompts : callable, optional
            Turns the prompts before it into those after it, as plain values.
        outlines : tuple of mapping
            How the outlines that it puts into the mask came about.
        """
        mask = self._scene.start_mask()
        if mask is None or mask.why_not:
            self._activity.say(mask.why_not if mask else "Open an image first.", problem=True)
            return False
        document = mask.document

        def commit(edit: Edit | None) -> None:
            before = document.prompts
            both = (before, prompts(before)) if prompts is not None else None
            if edit is not None or both is not None:
                document.do(Step(words, edit, both, outlines))

        change = BackgroundEdit(mask, lambda: compute(mask), lambda e: e.apply(mask.array), commit)
        self._make(mask, words, change, then, at_once=voxels is not None and voxels <= _AT_ONCE)
        return True

    def close(self) -> None:
        """Settle what is under way; nothing is written after this."""
        while self._open:
            self._open.pop().settle()

    def _step(self, step: Step | None, way: str, done: str) -> None:
        document, mask = self._scene.document, self._scene.mask
        if mask is not None and mask.why_not:
            self._activity.say(mask.why_not, problem=True)
            return
        if step is None or document is None:
            self._activity.say(f"There is nothing to {way}.")
            return
        words = f"{done}: {step.words}."
        if step.edit is None or mask is None:
            getattr(document, way)()
            self._shown(step, words)
        elif int(np.prod(step.edit.shape)) <= _AT_ONCE:
            getattr(mask, way)()
            self._shown(step, words)
        else:
            change = _retrace(mask, step, step.edit, undo=way == "undo", words=words)
            self._make(mask, step.words, change, lambda _: self._shown(step, words))

    def _make(
        self,
        mask: RecordedMask,
        words: str,
        change: BackgroundEdit,
        then: Callable[[Edit | None], None],
        *,
        at_once: bool = False,
    ) -> None:
        self._open.append(change)
        if at_once:
            change.work()
            self._finish(change, then)
            return
        mask.reserve(words)
        topic = f"change {id(change)}"
        self._activity.run(words, change.work, lambda _: self._finish(change, then), topic=topic)

    def _finish(self, change: BackgroundEdit, then: Callable[[Edit | None], None]) -> None:
        if change not in self._open:
            return
        self._open.remove(change)
        change.settle()
        if change.error is not None:
            self._activity.fail(change.error)
        else:
            then(change.edit)

    def _shown(self, step: Step, words: str) -> None:
        place = place_of(step)
        if place is not None:
            self._scene.show_voxels(*place)
        self._activity.say(words)


def _retrace(
    mask: RecordedMask, step: Step, edit: Edit, *, undo: bool, words: str
) -> BackgroundEdit:
    """Take a step back, or make it again, in the background."""
    document = mask.document
    write = replace(edit, before=edit.after, after=edit.before) if undo else edit

    def commit(_: Edit | None) -> None:
        steps = document.history.done if undo else document.history.undone
        if not steps or steps[-1] is not step:
            document.do(Step(words.rstrip("."), write))  # a script added a step in between
        elif undo:
            document.undo()
        else:
            document.redo()

    return BackgroundEdit(mask, lambda: write, lambda made: made.apply(mask.array), commit)


def place_of(step: Step) -> tuple[Index, Index] | None:
    """Return the first and the last voxel of the box that a step changed."""
    if step.edit is not None:
        z, y, x = (part.stop - 1 for part in step.edit.box)
        return step.edit.low, (z, y, x)
    if step.prompts is None:
        return None
    before, after = (prompts_from_plain(side) for side in step.prompts)
    changed = [plane for plane in {**before, **after} if before.get(plane) != after.get(plane)]
    for plane in changed:
        for marked in (after.get(plane), before.get(plane)):
            if marked is not None and marked.voxels:
                low, high = np.min(marked.voxels, axis=0), np.max(marked.voxels, axis=0)
                low[plane.axis] = high[plane.axis] = plane.index
                (a, b, c), (d, e, f) = low.tolist(), high.tolist()
                return (a, b, c), (d, e, f)
    return None
