"""The window: which grey values are black to white, by preset, number, mouse or napari's slider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.volume import Window, window_presets
from napari_medssl.volume.window import default_preset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl.volume import Volume
    from napari_medssl.volume.window import WindowPreset

#: pixels of the screen that double or halve the width
_PER_DOUBLING = 120.0
#: pixels of the screen that move the level by a whole width
_PER_WIDTH = 300.0
_LEAST_OF_RANGE = 1e-6


class MouseDrag(Protocol):
    """What the mouse does on an image while it paints, prompts and pans nothing."""

    def begin(self) -> None:
        """React to the button going down."""

    def move(self, right: float, up: float) -> None:
        """React to the mouse, so many pixels of the screen away from where it went down."""

    def double_click(self) -> None:
        """React to a double click."""

    def leave(self) -> None:
        """React to Escape, or to another layer being taken in hand."""


class Windows(Protocol):
    """The windows of the images on the canvas: of the selected one, else of the one in hand."""

    @property
    def volume(self) -> Volume | None:
        """The volume whose window this is, if it is one of ours."""

    @property
    def window(self) -> Window | None:
        """The grey values shown as black to white; None without an image."""

    @property
    def opened_with(self) -> Window | None:
        """The window that the image was opened with."""

    def set_window(self, window: Window) -> None:
        """Show these grey values as black to white."""

    def take_mouse(self, drag: MouseDrag) -> None:
        """Let the mouse do this and nothing else."""

    def give_mouse_back(self) -> None:
        """Let the mouse do again what it did before."""

    def show_readout(self, words: str) -> None:
        """Write on the canvas what is being set; nothing when empty."""


class WindowView(Protocol):
    """Planes, preset, level and width."""

    def allow_planes(self, allowed: bool) -> None:
        """Whether the image can be cut along other planes: not a picture, not a cine."""

    def show_presets(self, presets: Sequence[WindowPreset]) -> None:
        """Offer presets, those for the image's modality first."""

    def show_window(self, window: Window | None, preset: str) -> None:
        """Show level and width, and which preset they are (empty: none)."""

    def show_dragging(self, *, dragging: bool) -> None:
        """Press the button of the mouse that sets the window, or let it go."""


class WindowPresenter:
    """Keeps panel and image on one window; voxels are never touched."""

    def __init__(self, view: WindowView, windows: Windows, activity: Activity) -> None:
        self._view = view
        self._windows = windows
        self._activity = activity
        self._volume: Volume | None = None
        self._applied: tuple[str, Window] | None = None
        self._dragging = False
        self._from: Window | None = None

    def image_changed(self) -> None:
        """Offer the presets that suit the image in hand."""
        volume = self._volume = self._windows.volume
        self._applied = None
        in_space = volume is not None and volume.stack == "space"
        self._view.allow_planes(in_space and volume is not None and min(volume.geometry.shape) > 1)
        if volume is None or volume.is_rgb:
            self._view.show_presets([])
        else:
            modality = volume.modality
            self._view.show_presets(
                [p for p in window_presets().values() if modality in p.modalities]
            )
        self.window_changed()

    def window_changed(self) -> None:
        """Show the window that the image has now, whoever set it, and whichever image it is."""
        volume, window = self._windows.volume, self._windows.window
        if volume is not self._volume:
            self.image_changed()
            return
        rgb = volume is not None and volume.is_rgb
        self._view.show_window(None if rgb else window, self._name_of(window))

    def choose_preset(self, name: str) -> None:
        """Apply a preset; percentiles are worked out in the background."""
        volume = self._windows.volume
        if volume is None:
            return
        preset = window_presets()[name]
        array = volume.array
        self._activity.run(
            f"Applying the window '{preset.title}'",
            lambda: preset.window(array),
            lambda window: self._apply(name, window),
            topic="window",
        )

    def choose_values(self, level: float, width: float) -> None:
        """Apply a window typed as level and width."""
        try:
            window = Window(level - width / 2, level + width / 2)
        except UsageError as error:
            self._activity.fail(error)
            return
        self._activity.forget("window")
        self._windows.set_window(window)

    def drag_with_mouse(self) -> None:
        """Let the mouse set the window from now on, or no longer."""
        if self._dragging:
            self.leave()
            return
        volume, window = self._windows.volume, self._windows.window
        self._dragging = window is not None and (volume is None or not volume.is_rgb)
        if self._dragging and window is not None:
            self._windows.take_mouse(self)
            self._windows.show_readout(window_words(window, volume))
        else:
            self._activity.say(
                "A colour picture has no window to set." if volume else "Open an image first.",
                problem=True,
            )
        self._view.show_dragging(dragging=self._dragging)

    def begin(self) -> None:
        """Begin a drag at the window there is."""
        self._activity.forget("window")
        self._from = self._windows.window

    def move(self, right: float, up: float) -> None:
        """Set the window: wider to the right, brighter upwards."""
        if self._from is not None:
            least = _narrowest(self._windows.volume, self._from)
            self._show(dragged_window(self._from, right, up, least))

    def double_click(self) -> None:
        """Go back to the preset applied last, or to the window the image was opened with."""
        applied = self._applied[1] if self._applied is not None else self._windows.opened_with
        self._from = None
        if applied is not None:
            self._show(applied)

    def leave(self) -> None:
        """Give the mouse back."""
        if self._dragging:
            self._dragging, self._from = False, None
            self._windows.give_mouse_back()
            self._windows.show_readout("")
            self._view.show_dragging(dragging=False)

    def _show(self, window: Window) -> None:
        self._windows.set_window(window)
        self._windows.show_readout(window_words(window, self._windows.volume))

    def _apply(self, name: str, window: Window) -> None:
        self._applied = (name, window)
        self._windows.set_window(window)
        self.window_changed()

    def _name_of(self, window: Window | None) -> str:
        """The preset that this window is: the one last applied, or one of fixed values."""
        if window is None:
            return ""
        if self._applied is not None and self._applied[1] == window:
            return self._applied[0]
        if self._volume is not None and self._windows.opened_with == window:
            return default_preset(self._volume).name
        presets = window_presets().values()
        return next((p.name for p in presets if p.values == (window.low, window.high)), "")


def dragged_window(start: Window, right: float, up: float, least: float) -> Window:
    """Return the window that a drag makes of another one.

    Parameters
    ----------
    start : Window
        When the button went down.
    right, up : float
        Pixels of the screen since then. To the right the window gets wider, by a factor, so that
        a narrow window is set finely; upwards the image gets brighter: the level falls.
    least : float
        The narrowest window, in the image's units.
    """
    width = max(least, start.width * 2 ** (right / _PER_DOUBLING))
    level = start.level - up / _PER_WIDTH * start.width
    return Window(level - width / 2, level + width / 2)


def window_words(window: Window, volume: Volume | None) -> str:
    """Return level and width in the image's units, as they are written on a scanner's screen."""
    decimals = 0 if window.width >= 20 else 3
    units = f" {volume.units}" if volume is not None and volume.units else ""
    return f"W {window.width:.{decimals}f}   L {window.level:.{decimals}f}{units}"


def _narrowest(volume: Volume | None, window: Window) -> float:
    """One grey value where they are whole numbers."""
    if volume is not None and np.issubdtype(volume.array.dtype, np.integer):
        return 1.0
    return _LEAST_OF_RANGE * max(window.width, abs(window.level))
