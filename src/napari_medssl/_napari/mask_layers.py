"""The masks over an image: napari labels layers that share its grid, one of them in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_medssl._napari.layers import (
    DOCUMENT,
    SPARE,
    add_under_prompts,
    check_on_grid,
    grid,
    grid_of,
    place_of,
    volume_of,
)
from napari_medssl._napari.mask_layer import READ_ONLY, MaskLayer, record
from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl.correct.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_medssl._napari.layers import LayerData
    from napari_medssl._napari.presenters.scene import Index
    from napari_medssl.io import LabelInfo
    from napari_medssl.volume import Volume

_MODES = {"brush": "paint", "eraser": "erase", "fill": "fill"}
_OPACITY = 0.5
_MOST_COLOURED = 1 << 16
_BRUSH = 10  # napari's own, before there is a mask


def labels_layer(
    volume: Volume,
    labels: NDArray[Any],
    document: Document,
    name: str,
    *,
    editable: bool = True,
) -> LayerData:
    """Return the layer of a mask with its document, to be added over its image.

    Pass the layer to `mask_layer.record` once it is added: from then on every change of it is a
    step of the document, whether the Segment panel is open or not.

    Parameters
    ----------
    volume : Volume
        The very object that the image layer shows.
    labels : (z, y, x) unsigned array
        The mask on the volume's grid; it is painted on in place.
    document : Document
        What belongs to it.
    name : str
        For the layer list.
    editable : bool
        Whether anything may change it.
    """
    where = grid(volume)
    metadata = {**where["metadata"], DOCUMENT: document, READ_ONLY: not editable}
    colours = colours_of(document.labels)
    options = {**where, "metadata": metadata, "name": name, "opacity": _OPACITY}
    return labels, {**options, "colormap": colours}, "labels"


def is_mask_of(layer: Any, image: Image | None) -> bool:
    """Whether a layer is a mask of ours over an image."""
    volume = volume_of(image)
    return (
        isinstance(layer, Labels)
        and DOCUMENT in layer.metadata
        and volume is not None
        and volume_of(layer) is volume
        and layer.data.shape == volume.geometry.shape
    )


def find_mask(viewer: Any, image: Image | None, last: Labels | None) -> Labels | None:
    """Return the mask in hand: the selected one over an image, else the last, else the top one."""
    masks: list[Labels] = [layer for layer in viewer.layers if is_mask_of(layer, image)]
    for wanted in (viewer.layers.selection.active, last):
        if any(wanted is layer for layer in masks):
            return wanted
    return masks[-1] if masks else None


class MaskLayers:
    """Finds or makes the mask of the image in hand, and sets napari's tools for it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._last: Labels | None = None
        self._painted: tuple[Any, ...] = ()
        self._labels: Sequence[LabelRow] = ()
        self._current = 1
        self._rules = Rules()
        self._dimensions = 2

    def lay_over(self, image: Image | None) -> None:
        """Move to another image, of which no mask is in hand yet; its labels are the same."""
        self.drop_picks()
        self._image, self._last, self._painted = image, None, ()
        infos = [row.info for row in self._labels]
        spare = self._spare
        if image is not None and (spare is None or (infos and infos != _infos(spare))):
            image.metadata[SPARE] = Document(map(LabelRow, infos))

    @property
    def document(self) -> Document | None:
        """That of the mask in hand, or the one that a mask would get now."""
        found = self.find()
        return found.mask.document if found is not None else self._spare

    @property
    def _spare(self) -> Document | None:
        """Of the first mask of this image; it lies with the image, where other panels find it."""
        return None if self._image is None else self._image.metadata.get(SPARE)

    def find(self) -> MaskLayer | None:
        """The mask in hand: the selected labels on this image, else the one used last."""
        found = find_mask(self._viewer, self._image, self._last)
        return self._take(found) if found is not None else None

    def start(self) -> MaskLayer | None:
        """Return the mask in hand, made now if there was none."""
        found = self.find()
        if found is None and self._image is not None and self._spare is not None:
            shape = self._image.data.shape[:3]
            found = self.add(np.zeros(shape, np.uint8), self._spare)
        return found

    def add(self, mask: NDArray[Any], document: Document) -> MaskLayer | None:
        """Lay a mask over the image as a new layer, and take it in hand."""
        if self._image is None:
            return None
        where = grid_of(self._image)
        metadata = {**where.pop("metadata"), DOCUMENT: document}
        options = {**where, "metadata": metadata, "name": "Mask", "opacity": _OPACITY}
        before = self._viewer.layers.selection.active
        writable = np.require(mask, requirements="W")
        made = self._take(add_under_prompts(self._viewer, writable, **options))
        if self._is_mask(before):
            self._viewer.layers.selection.active = made.layer
        self._image.metadata[SPARE] = Document(map(LabelRow, _infos(document)))
        self._paint(made)
        return made

    def others(self) -> dict[str, NDArray[Any]]:
        """Other masks of this image, by the name of their layer."""
        mine = self.find()
        return {
            layer.name: layer.data
            for layer in self._viewer.layers
            if self._is_mask(layer) and (mine is None or layer is not mine.layer)
        }

    def read(self) -> NDArray[Any] | None:
        """Return a copy of the mask; None without one.

        Raises
        ------
        GeometryError
            If it was moved.
        UsageError
            If it is being changed in the background.
        """
        found = self.find()
        if found is None:
            return None
        layer = found.layer
        check_on_grid(layer.data.shape, place_of(layer), found.volume, self._image)
        return found.mask.copy()

    def use(self, tool: str) -> None:
        """Take napari's own brush, eraser or fill to the mask."""
        found = self.start()
        if found is not None:
            self.drop_picks()
            self._viewer.layers.selection.active = found.layer
            found.layer.mode = _MODES[tool]

    def pick_voxel(self, then: Callable[[Index], None]) -> None:
        """Let the next click choose a voxel; napari's pan and zoom stay with the mouse."""
        found = self.find()
        if found is not None:
            self._viewer.layers.selection.active = found.layer
            found.pick_voxel(then)

    def drop_picks(self) -> None:
        """Wait no more for a click or a stroke that was to show something."""
        if self._last is not None:
            record(self._last).drop_picks()

    def tool(self) -> str:
        """Which of napari's own tools is on the mask; "look" when none is."""
        found = self.find()
        if found is None or found.layer is not self._viewer.layers.selection.active:
            return "look"
        return next((tool for tool, mode in _MODES.items() if found.layer.mode == mode), "look")

    def show_labels(self, labels: Sequence[LabelRow], current: int) -> None:
        """Colour the mask by these labels, and draw with one."""
        self._labels, self._current = tuple(labels), current
        found = self.find()
        if found is not None:
            self._paint(found)

    def keep_to(self, rules: Rules) -> None:
        """Hold strokes to these rules."""
        self._rules = rules
        found = self.find()
        if found is not None:
            self._paint(found)

    @property
    def brush_mm(self) -> float:
        """Diameter of the brush, which counts in voxels of the finest axis that it paints along."""
        found = self.find()
        size = found.layer.brush_size if found is not None else _BRUSH
        return float(2 * (int(size) // 2) + 1) * self._finest_mm()

    def set_brush(self, mm: float) -> None:
        """Paint with a brush of this diameter, as near as whole voxels allow."""
        found = self.start()
        if found is not None:
            found.layer.brush_size = max(1, round(mm / self._finest_mm()))

    def paint_in(self, dimensions: int) -> None:
        """Paint on the slice on the screen (2), or on its neighbours too (3)."""
        self._dimensions = dimensions
        found = self.find()
        if found is not None:
            found.layer.n_edit_dimensions = dimensions

    def _is_mask(self, layer: Any) -> bool:
        return is_mask_of(layer, self._image)

    def _take(self, layer: Labels) -> MaskLayer:
        self._last = layer
        return record(layer)

    def _paint(self, found: MaskLayer) -> None:
        """Set a mask's layer to what the panel shows."""
        layer = found.layer
        found.draw_with(self._current)  # first: napari tells of the label with new colours too
        if self._painted != (layer, self._labels):
            self._painted = (layer, self._labels)
            layer.colormap = colours_of(self._labels)
        layer.preserve_labels = not self._rules.overwrite
        layer.n_edit_dimensions = self._dimensions
        found.mask.rules = self._rules

    def _finest_mm(self) -> float:
        if self._image is None:
            return 1.0
        lead = self._viewer.dims.ndim - 3
        shown = [axis - lead for axis in self._viewer.dims.displayed]
        axes = shown if self._dimensions == 2 else (0, 1, 2)
        return float(min(abs(self._image.scale[axis]) for axis in axes if axis >= 0))


def _infos(document: Document) -> list[LabelInfo]:
    return [row.info for row in document.labels]


def colours_of(labels: Sequence[LabelRow]) -> DirectLabelColormap:
    """Colours by value; hidden labels are not drawn.

    Values without a name are grey, and so are those that napari gives no colour of their own.
    """
    colours: dict[int | None, Any] = {0: "transparent", None: "gray"}
    for row in labels:
        if row.info.value > _MOST_COLOURED:
            continue
        shown = np.asarray((*row.info.colour, 255)) / 255
        colours[row.info.value] = shown if row.visible else "transparent"
    return DirectLabelColormap(color_dict=colours)
