"""Everything on one slice outlined without a prompt; one click keeps what is wanted."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl.correct.change import set_label
from napari_medssl.correct.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.document import What
    from napari_medssl._napari.presenters.mask.history import HistoryPresenter
    from napari_medssl._napari.presenters.mask.labels import LabelPresenter
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.prompts.engine import EnginePresenter
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.correct import Edit, Step
    from napari_medssl.segment import Plane
    from napari_medssl.volume import Volume

_ASK = "Click what you want to keep as '{name}'. Esc drops the rest."


@dataclass(frozen=True, eq=False)
class SliceObjects:
    """All that a network sees on one slice.

    Parameters
    ----------
    plane : Plane
        The slice.
    masks : mapping of int to (rows, columns) bool array
        By the number of the object, from 1; the largest first, and they may overlap.
    records : mapping of int to mapping
        How each came about, for the history.
    """

    plane: Plane
    masks: Mapping[int, NDArray[np.bool_]]
    records: Mapping[int, Mapping[str, Any]]


class EverythingView(Protocol):
    """The button, and what can be done with what was found."""

    def show_objects(self, waiting: int, *, looking: bool) -> None:
        """Say how many objects can be clicked, or that they are looked for; else say nothing."""


class EverythingPresenter:
    """Shows all objects of a slice and puts those that are clicked into the mask."""

    def __init__(
        self,
        view: EverythingView,
        scene: Scene,
        activity: Activity,
        engine: EnginePresenter,
        history: HistoryPresenter,
        labels: LabelPresenter,
    ) -> None:
        self._view, self._scene, self._activity = view, scene, activity
        self._engine, self._history, self._labels = engine, history, labels
        self._found: SliceObjects | None = None
        self._kept: set[int] = set()
        self._stop = threading.Event()
        self._run = ""  # tells the objects of one run from those of another in the history
        self._overwrite = self._new_each = False

    def allow_overwrite(self, allowed: bool) -> None:
        """Whether objects may take voxels from other labels."""
        self._overwrite = allowed

    def make_new_labels(self, wanted: bool) -> None:
        """Whether each click makes a label of its own."""
        self._new_each = wanted

    def outline(self) -> None:
        """Outline everything on the slice on the screen."""
        volume, window, plane = self._scene.volume, self._scene.window, self._scene.plane
        if volume is None or window is None or plane is None:
            self._activity.say("Turn to a slice of an image first.", problem=True)
            return
        self.drop(quietly=True)
        stop = self._stop = threading.Event()
        self._view.show_objects(0, looking=True)

        def outlined() -> SliceObjects | Exception:
            try:
                return self._engine.outliner()(volume, plane, window, stop.is_set)
            except Exception as error:  # noqa: BLE001 - said once the buttons are as before
                return error

        self._activity.run(
            f"Outlining everything on {plane}",
            outlined,
            lambda found: self._show(volume, found),
            topic="everything",
        )

    def drop(self, *, quietly: bool = False) -> None:
        """Take away what was not kept, and look for nothing more."""
        self._stop.set()
        self._activity.forget("everything")
        there = self._found is not None
        self._found, self._kept = None, set()
        self._scene.hide_objects()
        self._view.show_objects(0, looking=False)
        if there and not quietly:
            self._activity.say("The rest is dropped. What was kept stays.")

    def image_changed(self) -> None:
        """Forget what was found on the image before."""
        self.drop(quietly=True)

    def hear(self, what: What, step: Step | None) -> None:
        """Show an object again when keeping it is undone, and hide it when that is redone."""
        if step is None or self._found is None:
            return
        for told in step.outlines:
            if told.get("run") == self._run:
                (self._kept.discard if what == "undo" else self._kept.add)(int(told["object"]))
                self._draw()

    def _show(self, volume: Volume, found: SliceObjects | Exception) -> None:
        if isinstance(found, Exception):
            self.drop(quietly=True)
            self._activity.fail(found)
            return
        if volume is not self._scene.volume:
            return
        self._found, self._kept, self._run = found, set(), secrets.token_hex(4)
        number = len(self._waiting())
        if not number:
            self.drop(quietly=True)
            self._activity.say("Nothing was found on this slice. Try another window.")
            return
        self._draw()
        noun = "1 object" if number == 1 else f"{number} objects"
        ask = _ASK.format(name=self._labels.current_name)
        self._activity.say(f"{noun} found. {ask}")

    def _waiting(self) -> list[int]:
        if self._found is None:
            return []
        return [number for number in self._found.masks if number not in self._kept]

    def _draw(self) -> None:
        if self._found is None:
            return
        waiting = self._waiting()
        first = next(iter(self._found.masks.values()))
        shown = np.zeros(first.shape, np.uint16)
        for number in waiting:  # small ones stay visible on large ones
            shown[self._found.masks[number]] = number
        self._scene.show_objects(self._found.plane, shown, self._keep, self.drop)
        self._view.show_objects(len(waiting), looking=False)

    def _keep(self, number: int) -> None:
        """Put one object into the mask."""
        found, document = self._found, self._scene.document
        if found is None or document is None or number not in self._waiting():
            return
        mask = self._scene.start_mask()
        if mask is None or mask.why_not:
            self._activity.say(mask.why_not if mask is not None else "", problem=True)
            return
        if self._new_each and (mask.array == self._labels.current).any():
            self._labels.add()
        value, name = self._labels.current, self._labels.current_name
        rules = Rules(document.locked, self._overwrite)
        wanted = found.masks[number]
        told = {**found.records[number], "label": value, "run": self._run, "object": number}

        def kept(mask: RecordedMask) -> Edit | None:
            axis, index = found.plane.axis, found.plane.index
            z, y, x = (index if a == axis else 0 for a in range(3))
            part = np.expand_dims(found.plane.view(mask.array), axis)
            inside = np.expand_dims(wanted, axis)
            return set_label(part, value, inside, rules, add_only=True, low=(z, y, x))

        def said(edit: Edit | None) -> None:
            voxels = edit.count if edit is not None else 0
            words = f"Kept as '{name}': {voxels:,} voxels."
            if not voxels:
                words = "These voxels belong to other labels, which stay as they are."
            self._activity.say(f"{words} {len(self._waiting())} are left.", problem=not voxels)

        self._history.change("Keep object", kept, said, voxels=wanted.size, outlines=(told,))
