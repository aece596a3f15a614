"""The window: which grey values are black to white, by preset, by number or by napari's slider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl.errors import UsageError
from napari_medssl.volume import Window, window_presets
from napari_medssl.volume.window import default_preset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.volume.window import WindowPreset


class WindowView(Protocol):
    """Planes, preset, level and width."""

    def allow_planes(self, allowed: bool) -> None:
        """Whether the image can be cut along other planes: not a picture, not a cine."""

    def show_presets(self, presets: Sequence[WindowPreset]) -> None:
        """Offer presets, those for the image's modality first."""

    def show_window(self, window: Window | None, preset: str) -> None:
        """Show level and width, and which preset they are (empty: none)."""


class WindowPresenter:
    """Keeps panel and image on one window; voxels are never touched."""

    def __init__(self, view: WindowView, scene: Scene, activity: Activity) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._applied: tuple[str, Window] | None = None

    def image_changed(self) -> None:
        """Offer the presets that suit the image in hand."""
        volume = self._scene.volume
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
        """Show the window that the image has now, whoever set it."""
        volume, window = self._scene.volume, self._scene.window
        rgb = volume is not None and volume.is_rgb
        self._view.show_window(None if rgb else window, self._name_of(window))

    def choose_preset(self, name: str) -> None:
        """Apply a preset; percentiles are worked out in the background."""
        volume = self._scene.volume
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
        self._scene.set_window(window)

    def _apply(self, name: str, window: Window) -> None:
        self._applied = (name, window)
        self._scene.set_window(window)
        self.window_changed()

    def _name_of(self, window: Window | None) -> str:
        """The preset that this window is: the one last applied, or one of fixed values."""
        if window is None:
            return ""
        if self._applied is not None and self._applied[1] == window:
            return self._applied[0]
        if self._scene.volume is not None and self._scene.opened_with == window:
            return default_preset(self._scene.volume).name
        presets = window_presets().values()
        return next((p.name for p in presets if p.values == (window.low, window.high)), "")
