"""Slices that the user calls finished: later parts learn from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl.segment.prompts import AXIS_NAMES

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.scene import Scene


class FinishedView(Protocol):
    """The tick, and a line about it."""

    def show_finished(self, words: str, *, done: bool, allowed: bool) -> None:
        """Say which slice this is and how many are finished; tick it or not."""


class FinishedPresenter:
    """Marks the slice on the screen as finished, and says which are."""

    def __init__(self, view: FinishedView, scene: Scene, activity: Activity) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity

    def show(self) -> None:
        """Say whether the slice on the screen is finished."""
        plane, document, volume = self._scene.plane, self._scene.document, self._scene.volume
        if plane is None or document is None or volume is None:
            self._view.show_finished("Turn to a slice.", done=False, allowed=False)
            self._scene.show_done(done=False)
            return
        done = plane in document.done
        slices, name = volume.geometry.shape[plane.axis], AXIS_NAMES[plane.axis]
        count = sum(finished.axis == plane.axis for finished in document.done)
        words = f"{name.capitalize()} slice {plane.index}: {'done' if done else 'not done'}."
        self._view.show_finished(f"{words} {count} of {slices} done.", done=done, allowed=True)
        self._scene.show_done(done=done)

    def toggle(self) -> None:
        """Call the slice on the screen finished, or take that back."""
        plane, document = self._scene.plane, self._scene.document
        if plane is None or document is None:
            self._activity.say("Turn to a slice first: slices are marked one by one.", problem=True)
            return
        mask = self._scene.start_mask()
        if mask is not None and mask.read_only:
            self._activity.say(mask.why_not, problem=True)
        else:
            document.mark(plane, done=plane not in document.done)
        self.show()
