"""How the brush paints: its size, in two or three dimensions, and what it must leave alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl.correct.rules import Rules
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.labels import LabelPresenter
    from napari_medssl._napari.presenters.scene import Scene

_MIDDLE = (5, 95)  # percent of a label's voxels: its rim is another tissue, half of it


class CorrectView(Protocol):
    """Brush and range."""

    def show_brush(self, mm: float, unit: str) -> None:
        """Show the diameter of the brush, in this unit."""

    def show_range(self, low: float, high: float, *, used: bool, unit: str) -> None:
        """Show the range, and whether the brush keeps to it."""

    def allow_range(self, allowed: bool) -> None:
        """Whether the image has one intensity a voxel."""


class CorrectPresenter:
    """Holds the brush to what the user has asked for."""

    def __init__(
        self, view: CorrectView, scene: Scene, activity: Activity, labels: LabelPresenter
    ) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._labels = labels
        self._low, self._high = 0.0, 0.0
        self._rules = Rules()

    def image_changed(self) -> None:
        """Forget the range of the image before: its values may be of another kind."""
        window, volume = self._scene.window, self._scene.volume
        grey = volume is not None and not volume.is_rgb
        self._view.allow_range(grey)
        self._rules = replace(self._rules, low=None, high=None)
        if window is not None:
            self._low, self._high = window.low, window.high
        self._show_range()
        self.show_brush()

    def show_brush(self) -> None:
        """Show how large the brush is."""
        volume = self._scene.volume
        unit = "mm" if volume is None or volume.spacing_known else "px"
        self._view.show_brush(self._scene.brush_mm, unit)

    def resize_brush(self, mm: float) -> None:
        """Paint with a brush of this diameter, as near as whole voxels allow."""
        self._scene.set_brush(mm)
        self.show_brush()

    def paint_in(self, dimensions: int) -> None:
        """Paint on the slice on the screen (2), or a ball through its neighbours too (3)."""
        self._scene.paint_in(dimensions)
        self.show_brush()

    def allow_overwrite(self, allowed: bool) -> None:
        """Whether the brush may take voxels from other labels."""
        self._rules = replace(self._rules, overwrite=allowed)
        self._scene.keep_to(self._rules)

    def use_range(self, used: bool) -> None:
        """Paint inside the range only, or everywhere."""
        low, high = (self._low, self._high) if used else (None, None)
        self._rules = replace(self._rules, low=low, high=high)
        self._show_range()

    def set_range(self, low: float, high: float) -> None:
        """Paint where the intensity lies between two values, both included."""
        try:
            Rules(low=low, high=high)
        except UsageError as error:
            self._activity.fail(error)
            self._show_range()
            return
        self._low, self._high = low, high
        self.use_range(True)

    def range_of_label(self) -> None:
        """Take the range that the current label covers."""
        mask, value, name = self._scene.mask, self._labels.current, self._labels.current_name
        if mask is None or mask.volume.is_rgb:
            self._activity.say("There is no mask yet whose intensities could be taken.")
            return
        labels, image = mask.array, mask.volume.array

        def middle() -> Any:
            grey = image[labels == value]
            return np.nanpercentile(grey, _MIDDLE) if grey.size else None

        def take(found: Any) -> None:
            if found is None:
                self._activity.say(f"'{name}' has no voxels yet: paint some first.", problem=True)
            else:
                self.range_picked(float(found[0]), float(found[1]))

        self._activity.run(f"Measuring '{name}'", middle, take, topic="range")

    def pick_range(self) -> None:
        """Take the range from the next stroke of the brush, which paints nothing."""
        mask = self._scene.start_mask()
        if mask is None:
            self._activity.say("Open an image first.", problem=True)
            return
        self._scene.use_tool("brush")  # first: another tool ends what was asked before
        mask.pick_range()
        self._activity.say("Brush over what you want to paint: its intensities become the range.")

    def range_picked(self, low: float, high: float) -> None:
        """Use a range that was measured."""
        self.set_range(low, high)
        self._activity.say(f"The brush keeps to {low:g} to {high:g}{self._unit()}.")

    def voxels_left(self, count: int) -> None:
        """Say that a stroke was put back where the rules did not allow it."""
        reasons = "locked, of another label, or outside the range"
        if self._rules.low is None and self._rules.high is None:
            reasons = "locked, or of another label"
        noun = "voxel was" if count == 1 else "voxels were"
        self._activity.say(f"{count:,} {noun} left as before: {reasons}.")

    def _unit(self) -> str:
        volume = self._scene.volume
        return f" {volume.units}" if volume is not None and volume.units else ""

    def _show_range(self) -> None:
        used = self._rules.low is not None
        self._view.show_range(self._low, self._high, used=used, unit=self._unit())
        self._scene.keep_to(self._rules)
