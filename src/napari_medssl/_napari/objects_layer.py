"""Everything a network found on a slice: coloured objects, one of which a click chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_medssl._napari.layers import add_under_prompts, grid_of
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_medssl.segment import Plane

_NAME = "Objects (click to keep)"
_OPACITY = 0.55
_STILL = 4  # pixels of the screen that a click may wander


class ObjectsLayer:
    """Made when there is something to show; the mouse is its own as long as it is there."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._layer: Labels | None = None
        self._clicked: Callable[[int], None] = lambda _: None
        self._dropped: Callable[[], None] = lambda: None

    def lay_over(self, image: Image | None) -> None:
        """Move to another image: objects of the one before are taken away."""
        self.hide()
        self._image = image

    def show(
        self,
        plane: Plane,
        objects: NDArray[Any],
        clicked: Callable[[int], None],
        dropped: Callable[[], None],
    ) -> None:
        """Draw numbered objects over one slice, in colours of their own."""
        self._clicked, self._dropped = clicked, dropped
        layer = self._layer
        if layer is None or layer not in self._viewer.layers:
            if self._image is None:
                return
            layer = self._layer = self._make(self._image)
        plane.view(layer.data)[...] = objects
        layer.colormap = _colours(int(objects.max(initial=0)))
        layer.refresh()
        self._viewer.layers.selection.active = layer

    def hide(self) -> None:
        """Take them away."""
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _make(self, image: Image) -> Labels:
        layer = add_under_prompts(
            self._viewer,
            np.zeros(image.data.shape[:3], np.uint16),
            name=_NAME,
            opacity=_OPACITY,
            **grid_of(image),
        )
        layer.editable = False
        layer.mode = "pan_zoom"
        layer.mouse_drag_callbacks.append(self._on_mouse)
        layer.bind_key("Escape", lambda _: self._dropped(), overwrite=True)
        return layer

    def _on_mouse(self, layer: Labels, event: Any) -> Iterator[None]:
        """Tell a click from a drag, which moves the image."""
        start, position = np.asarray(event.pos, float), event.position
        moved, away = False, True
        while away:
            yield
            away = event.type == "mouse_move"
            # the release counts too: a busy canvas drops moves
            moved |= bool(np.abs(np.asarray(event.pos, float) - start).max() > _STILL)
        at = tuple(round(float(v)) for v in layer.world_to_data(position)[-3:])
        inside = all(0 <= n < most for n, most in zip(at, layer.data.shape, strict=True))
        if not moved and inside and layer.data[at]:
            self._clicked(int(layer.data[at]))


def _colours(most: int) -> DirectLabelColormap:
    """Those of labels, in turn: neighbours are told apart on grey."""
    colours: dict[int | None, Any] = {0: "transparent", None: "transparent"}
    for number in range(1, most + 1):
        colours[number] = np.asarray((*unnamed_label(number).colour, 255)) / 255
    return DirectLabelColormap(color_dict=colours)
