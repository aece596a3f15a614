"""The layer that a scribble or a lasso is drawn on: a line under the mouse, gone when let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.presenters.prompts.marks import Stroke
from napari_medssl._napari.slices import plane_on_screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.layers import Image, Vectors
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.scene import Place, Tool

#: the tools that draw here
STROKES = ("scribble", "lasso")
_INSIDE, _OUTSIDE, _AROUND = "lime", "red", "#ffd75e"
_LEAST_MOVE = 2  # pixels of the screen: nearer places say nothing new


class StrokeLayer:
    """Draws where the mouse goes and tells of it at the end.

    A layer of vectors, as napari has no tool of its own for these that could get in the way.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose.
    drawn : callable
        Called with what was drawn.
    may_mark : callable
        Tells whether what is drawn now would lie where the mouse is.
    """

    def __init__(
        self, viewer: Any, drawn: Callable[[Stroke], None], may_mark: Callable[[], bool]
    ) -> None:
        self._viewer = viewer
        self._drawn = drawn
        self._may_mark = may_mark
        self._image: Image | None = None
        self._layer: Vectors | None = None
        self._tool = STROKES[0]

    def lay_over(self, image: Image | None) -> None:
        """Move to another image: the layer over the one before is taken away."""
        if self._layer is not None and self._layer in self._viewer.layers:
            self._viewer.layers.remove(self._layer)
        self._image, self._layer = image, None

    def take(self, tool: Tool, options: dict[str, Any]) -> None:
        """Let a drag draw; ``options`` say where a new layer lies."""
        if self._image is None:
            return
        layer = self._layer
        if layer is None or layer not in self._viewer.layers:
            layer = self._layer = self._make(self._image, options)
        self._tool = tool
        self._viewer.layers.selection.active = layer
        self._hold(layer)

    def tool(self) -> Tool:
        """Which of `STROKES` the mouse holds, or "look"."""
        layer = self._layer
        if layer is None or layer is not self._viewer.layers.selection.active:
            return "look"
        return self._tool if layer.mode == "pan_zoom" else "look"

    def _make(self, image: Image, options: dict[str, Any]) -> Vectors:
        layer: Vectors = self._viewer.add_vectors(
            np.empty((0, 2, 3)),
            name="Prompts: strokes",
            vector_style="line",
            edge_width=max(image.data.shape[:3]) / 200,
            opacity=1,
            **options,
        )
        layer.mouse_drag_callbacks.append(self._on_drag)
        layer.bind_key("Space", self._on_space, overwrite=True)
        return layer

    @staticmethod
    def _hold(layer: Vectors) -> None:
        layer.mode = "pan_zoom"
        layer.mouse_pan = False
        layer.cursor = "cross"

    def _on_space(self, layer: Vectors) -> Iterator[None]:
        """Move the view as long as the key is down, as with napari's own tools."""
        layer.mouse_pan = True
        layer.cursor = "standard"
        yield
        self._hold(layer)

    def _on_drag(self, layer: Vectors, event: Any) -> Iterator[None]:
        image, tool = self._image, self.tool()
        plane = plane_on_screen(self._viewer, image)
        if event.button != 1 or tool == "look" or layer.mouse_pan or not self._may_mark():
            return
        if image is None or plane is None:
            return
        positive = "Shift" not in event.modifiers
        colour = _AROUND if tool == "lasso" else _INSIDE if positive else _OUTSIDE
        path, at = [place_under(image, event)], np.asarray(event.pos, float)
        yield
        while event.type == "mouse_move":
            if np.abs(np.asarray(event.pos, float) - at).max() >= _LEAST_MOVE:
                path.append(place_under(image, event))
                at = np.asarray(event.pos, float)
                layer.data = _lines(path, closed=tool == "lasso")
                layer.edge_color = colour  # last: a layer that was empty forgets it
            yield
        path.append(place_under(image, event))
        layer.data = np.empty((0, 2, 3))
        if layer is self._layer:  # else another image came in hand meanwhile
            self._drawn(Stroke(tool, plane, path, positive))


def place_under(image: Image, event: Any) -> Place:
    """Return where on an image the mouse is, as an index (z, y, x)."""
    z, y, x = (float(v) for v in image.world_to_data(event.position)[-3:])
    return z, y, x


def _lines(path: Sequence[Place], *, closed: bool) -> NDArray[np.float64]:
    """Starts and ways from one place to the next, (n, 2, 3); back to the first if closed."""
    places = np.asarray([*path, path[0]] if closed else path)
    return np.stack([places[:-1], np.diff(places, axis=0)], axis=1)
