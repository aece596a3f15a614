"""The windows of the images on the canvas, and the mouse that sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.components.overlays import TextOverlay
from napari.layers import Image

from napari_medssl._napari.layers import OPENED_WITH, volume_of
from napari_medssl.volume import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Layer

    from napari_medssl._napari.presenters.viewing.window import MouseDrag
    from napari_medssl.volume import Volume

_KEY, _COLOUR = "medssl_window", "#ffd75e"


class WindowLayer:
    """The window of the selected image, or of the one in hand while something else is selected.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose.
    changed : callable
        Called when a scan laid over the image in hand is selected or shown otherwise; changes of
        the image in hand are told by whoever takes it in hand.
    """

    def __init__(self, viewer: Any, changed: Callable[[], None]) -> None:
        self._viewer = viewer
        self._changed = changed
        self._image: Image | None = None
        self._over: Image | None = None
        self._mouse: _MouseOnImage | None = None

    def lay_over(self, image: Image | None) -> None:
        """Move to another image in hand."""
        self._image = image

    def follow(self, active: Layer | None) -> None:
        """Move to the scan that is selected, if it is one that lies over the image in hand."""
        over = active if isinstance(active, Image) and active is not self._image else None
        if over is self._over:
            return
        if self._over is not None:
            self._over.events.contrast_limits.disconnect(self._changed)
        self._over = over
        if over is not None:
            over.events.contrast_limits.connect(self._changed)
        self._changed()

    def close(self) -> None:
        """Give the mouse back and listen no more."""
        self.give_mouse_back()
        self.show_readout("")
        self.follow(self._image)
        self._viewer.canvas.overlays.pop(_KEY, None)

    @property
    def volume(self) -> Volume | None:
        """The volume whose window this is, if it is one of ours."""
        return volume_of(self._layer)

    @property
    def window(self) -> Window | None:
        """The grey values shown as black to white."""
        layer = self._layer
        if layer is None:
            return None
        return Window(0, 255) if layer.rgb else Window(*layer.contrast_limits)

    @property
    def opened_with(self) -> Window | None:
        """The window that the image was opened with."""
        return self._layer.metadata.get(OPENED_WITH) if self._layer is not None else None

    def set_window(self, window: Window) -> None:
        """Show these grey values as black to white."""
        if self._layer is not None and not self._layer.rgb:
            self._layer.contrast_limits = (window.low, window.high)

    def take_mouse(self, drag: MouseDrag) -> None:
        """Let the mouse do this and nothing else."""
        self.give_mouse_back()
        if self._layer is not None:
            self._mouse = _MouseOnImage(self._viewer, self._layer, drag)

    def give_mouse_back(self) -> None:
        """Let the mouse do again what it did before."""
        mouse, self._mouse = self._mouse, None
        if mouse is not None:
            mouse.release()

    def show_readout(self, words: str) -> None:
        """Write on the canvas what is being set; nothing when empty."""
        overlays = self._viewer.canvas.overlays
        if words and _KEY not in overlays:
            overlays[_KEY] = TextOverlay(
                position="top_right", font_size=14, box=False, color=_COLOUR
            )
        if _KEY in overlays:
            overlays[_KEY].text = words or " "
            overlays[_KEY].visible = bool(words)

    @property
    def _layer(self) -> Image | None:
        return self._over or self._image


class _MouseOnImage:
    """The mouse while it belongs to one image: selected, so that no other layer hears of it."""

    def __init__(self, viewer: Any, image: Image, drag: MouseDrag) -> None:
        self._viewer, self._image, self._drag = viewer, image, drag
        selection = viewer.layers.selection
        self._before = selection.active
        selection.active = image
        image.mode = "pan_zoom"
        image.mouse_pan = False
        viewer.cursor.style = "cross"
        image.mouse_drag_callbacks.append(self._on_drag)
        image.mouse_double_click_callbacks.append(self._on_double_click)
        image.bind_key("Escape", lambda _: drag.leave(), overwrite=True)
        selection.events.active.connect(self._on_active)

    def release(self) -> None:
        """Take everything back; select what was selected before, unless something else is."""
        image, selection = self._image, self._viewer.layers.selection
        selection.events.active.disconnect(self._on_active)
        image.mouse_drag_callbacks.remove(self._on_drag)
        image.mouse_double_click_callbacks.remove(self._on_double_click)
        image.bind_key("Escape", None)
        image.mouse_pan = True
        if selection.active is image:
            self._viewer.cursor.style = "standard"
            if self._before in self._viewer.layers:
                selection.active = self._before

    def _on_drag(self, _: Image, event: Any) -> Iterator[None]:
        if event.button != 1:
            return
        x, y = event.pos
        self._drag.begin()
        yield
        while event.type == "mouse_move":
            self._drag.move(float(event.pos[0] - x), float(y - event.pos[1]))
            yield

    def _on_double_click(self, *_: Any) -> None:
        self._drag.double_click()

    def _on_active(self) -> None:
        if self._viewer.layers.selection.active is not self._image:
            self._drag.leave()
