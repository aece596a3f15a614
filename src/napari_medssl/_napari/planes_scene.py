"""The canvas for the three planes: where it is, and what is seen over the image in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from napari.layers import Image, Labels, Points, Shapes

from napari_medssl._napari.layers import (
    LAID_OVER,
    PROMPTS,
    image_of,
    last_image,
    lie_together,
    to_world,
    volume_of,
)
from napari_medssl._napari.presenters.planes.sheet import Sheet
from napari_medssl.errors import MedSSLError
from napari_medssl.volume import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.planes.panel import Point
    from napari_medssl._napari.presenters.scene import Place, Tool
    from napari_medssl._napari.prompt_layers import PromptLayers
    from napari_medssl.segment.prompts import Plane, Prompts
    from napari_medssl.volume import Volume

#: changes of a layer that change what is seen of it
_SEEN = (
    *("contrast_limits", "gamma", "colormap", "opacity", "visible", "blending"),
    *("data", "labels_update", "scale", "translate", "rotate", "shear", "affine"),
)
_MOST_COLOURS = 4096
_AXES = ("z", "y", "x")


class PlanesListener(Protocol):
    """Who wants to know what happens on the canvas."""

    def look_changed(self) -> None:
        """Other images, windows, colours or layers are seen."""

    def labels_changed(self) -> None:
        """Other labels are seen."""

    def point_changed(self) -> None:
        """The canvas is somewhere else."""

    def marks_changed(self) -> None:
        """A prompt was added, moved or deleted."""


class PlanesScene:
    """One napari viewer, as `presenters.planes.panel.PlanesCanvas` wants it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._listener: PlanesListener | None = None
        self._at = viewer.dims.point
        self._colours: dict[Layer, tuple[Any, NDArray[np.uint8]]] = {}

    def listen(self, listener: PlanesListener) -> None:
        """Begin to tell ``listener`` what the user does."""
        self._listener = listener
        for emitter, slot in self._events():
            emitter.connect(slot, position="last")
        for layer in self._viewer.layers:
            self._watch(layer)
        self._take()

    def close(self) -> None:
        """Stop listening."""
        self._listener = None
        for emitter, slot in self._events():
            emitter.disconnect(slot)
        for layer in self._viewer.layers:
            self._leave(layer)

    @property
    def volume(self) -> Volume | None:
        """The image in hand, if it is one of ours."""
        return volume_of(self._image)

    @property
    def point(self) -> Point:
        """Where the canvas is, as an index (z, y, x) into the image, not rounded."""
        if self._image is None:
            return 0.0, 0.0, 0.0
        z, y, x = (float(at) for at in self._image.world_to_data(self._viewer.dims.point)[-3:])
        return z, y, x

    def go_to(self, point: Point) -> None:
        """Turn the canvas to an index."""
        if self._image is not None:
            dims = self._viewer.dims
            world = self._image.data_to_world(point)
            dims.set_point([dims.ndim - 3 + axis for axis in range(3)], list(world))

    @property
    def tool(self) -> Tool:
        """Which prompt tool the mouse holds; "look" when none."""
        held = self._prompts_of(self._viewer.layers.selection.active)
        return held.tool() if held is not None else "look"

    @property
    def prompts(self) -> Mapping[Plane, Prompts]:
        """The prompts on the image in hand; none while they contradict each other."""
        layers = (self._prompts_of(layer) for layer in self._viewer.layers)
        drawn = next((found for found in layers if found is not None), None)
        try:
            return drawn.read() if drawn is not None else {}
        except MedSSLError:
            return {}

    def draw(self, plane: Plane, path: Sequence[Place], inside: bool) -> None:
        """Mark on a slice with the tool in hand."""
        held = self._prompts_of(self._viewer.layers.selection.active)
        if held is not None:
            held.draw(plane, path, inside)

    def _prompts_of(self, layer: Layer | None) -> PromptLayers | None:
        """The prompts that a layer belongs to, if they are those of the image in hand."""
        mine = layer is not None and volume_of(layer) is self.volume
        found: PromptLayers | None = layer.metadata.get(PROMPTS) if layer and mine else None
        return found

    def sheets(self) -> Sequence[Sheet]:
        """Everything that is seen over the image in hand, itself first."""
        image = self._image
        if image is None:
            return ()
        others = [la for la in self._viewer.layers if la is not image and _belongs(la, image)]
        in_order = [image, *others]  # a scan laid over it may stand below it in napari's list
        return [self._sheet(layer, image) for layer in in_order if _is_shown(layer)]

    def _sheet(self, layer: Image | Labels, base: Image) -> Sheet:
        grey = isinstance(layer, Image) and not layer.rgb
        return Sheet(
            np.asarray(layer.data),
            self._colours_of(layer),
            Window(*layer.contrast_limits) if grey else None,
            float(layer.opacity),
            layer.blending == "additive" and layer is not base,
            _between_grids(base, layer) if layer is not base else None,
        )

    def _colours_of(self, layer: Image | Labels) -> NDArray[np.uint8]:
        """Colours by number, worked out anew when napari has others."""
        state = (layer.colormap, getattr(layer, "gamma", 1.0))
        known = self._colours.get(layer)
        if known is None or known[0][0] is not state[0] or known[0][1] != state[1]:
            known = self._colours[layer] = (state, _colour_table(layer))
        return known[1]

    def _events(self) -> tuple[tuple[Any, Any], ...]:
        layers = self._viewer.layers
        return (
            (self._viewer.dims.events.point, self._on_point),
            (layers.selection.events.active, self._take),
            (layers.events.inserted, self._on_inserted),
            (layers.events.removed, self._on_removed),
            (layers.events.reordered, self._on_look),
        )

    def _take(self) -> None:
        """Take the selected image in hand, or that under the selected mask."""
        layers = self._viewer.layers
        image = image_of(self._viewer, layers.selection.active)
        if image is None:
            image = self._image if self._image in layers else last_image(self._viewer)
        if image is not self._image:
            self._image = image
            self._on_look()

    def _watch(self, layer: Layer) -> None:
        for emitter, slot in self._layer_events(layer):
            emitter.connect(slot, position="last")

    def _leave(self, layer: Layer) -> None:
        for emitter, slot in self._layer_events(layer):
            emitter.disconnect(slot)

    def _layer_events(self, layer: Layer) -> list[tuple[Any, Any]]:
        if PROMPTS in layer.metadata:  # a stroke tells of itself once it is let go
            shown = isinstance(layer, Points | Shapes)
            return [(layer.events.data, self._on_marks)] if shown else []
        seen = [getattr(layer.events, name) for name in _SEEN if hasattr(layer.events, name)]
        if not isinstance(layer, Labels):
            return [(emitter, self._on_look) for emitter in seen]
        # an undo tells of nothing but that napari draws the layer anew
        drawn = (layer.events.set_data, self._on_labels_drawn)
        return [*((emitter, self._on_labels) for emitter in seen), drawn]

    def _on_inserted(self, event: Any) -> None:
        self._watch(event.value)
        self._take()
        self._on_look()

    def _on_removed(self, event: Any) -> None:
        self._leave(event.value)
        self._colours.pop(event.value, None)
        self._take()
        self._on_look()

    def _on_marks(self) -> None:
        if self._listener is not None:
            self._listener.marks_changed()

    def _on_look(self) -> None:
        if self._listener is not None:
            self._listener.look_changed()

    def _on_labels(self) -> None:
        if self._listener is not None:
            self._listener.labels_changed()

    def _on_labels_drawn(self) -> None:
        """React to labels that napari draws anew: unless it only turns to another slice."""
        if self._viewer.dims.point == self._at:
            self._on_labels()

    def _on_point(self) -> None:
        self._at = self._viewer.dims.point
        if self._listener is not None:
            self._listener.point_changed()


def _belongs(layer: Layer, image: Image) -> bool:
    """Whether it lies over the image: not another patient's scan, nor a mask of that."""
    volume, own = volume_of(image), volume_of(layer)
    return own is None or own is volume or layer.metadata.get(LAID_OVER) is volume


def _is_shown(layer: Layer) -> bool:
    """Whether it is seen, and its voxels are in memory."""
    known = isinstance(layer, Image | Labels) and isinstance(layer.data, np.ndarray)
    return known and layer.visible and layer.ndim == len(_AXES)


def _colour_table(layer: Image | Labels) -> NDArray[np.uint8]:
    if isinstance(layer, Image):
        parts = np.linspace(0, 1, 256) ** layer.gamma
        return _as_bytes(layer.colormap.map(parts))
    most = min(int(np.iinfo(layer.data.dtype).max) + 1, _MOST_COLOURS)
    return _as_bytes(layer.colormap.map(np.arange(most, dtype=layer.data.dtype)))


def _as_bytes(colours: NDArray[Any]) -> NDArray[np.uint8]:
    as_bytes: NDArray[np.uint8] = np.rint(np.asarray(colours) * 255).astype(np.uint8)
    return as_bytes


def _between_grids(base: Image, layer: Layer) -> NDArray[np.float64] | None:
    """From indices of one layer to those of another; None where they share one grid."""
    if base.data.shape[:3] == layer.data.shape[:3] and lie_together(base, layer):
        return None
    across: NDArray[np.float64] = np.linalg.inv(to_world(layer)) @ to_world(base)
    return across
