"""The mask and the preview over an image: napari labels layers that share its grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Points, Shapes
from napari.utils.colormaps import DirectLabelColormap
from scipy import ndimage

from napari_medssl._napari.layers import LABELS, OUTLINES, VOLUME, check_on_grid, grid_of, volume_of
from napari_medssl.correct import plan_merge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_medssl.io import LabelInfo
    from napari_medssl.segment import Plane

_PREVIEW = "Preview (not kept yet)"
_PREVIEW_COLOUR = "#ffe14d"
_FINE = 400
_MODES = {"brush": "paint", "eraser": "erase", "fill": "fill"}


class MaskLayers:
    """Finds or makes the mask of the image in hand, and draws the preview over it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._preview: Labels | None = None
        self._mask: Labels | None = None
        self._labels: Sequence[LabelInfo] = ()
        self._current = 1
        self._overwrite = False

    def lay_over(self, image: Image | None) -> None:
        """Move to another image: the preview of the one before is taken away."""
        if self._preview is not None and self._preview in self._viewer.layers:
            self._viewer.layers.remove(self._preview)
        self._image, self._preview, self._mask = image, None, None

    def use(self, tool: str) -> None:
        """Take napari's own brush, eraser or fill to the mask."""
        mask = self._find() or self._make()
        if mask is not None:
            self._viewer.layers.selection.active = mask
            mask.mode = _MODES[tool]

    def tool(self) -> str:
        """Which of napari's own tools is on the mask; "look" when none is."""
        mask = self._find()
        if mask is None or mask is not self._viewer.layers.selection.active:
            return "look"
        return next((tool for tool, mode in _MODES.items() if mask.mode == mode), "look")

    def show_labels(self, labels: Sequence[LabelInfo], current: int, *, overwrite: bool) -> None:
        """Colour the mask by these labels, draw with one, and protect the others or not."""
        self._labels, self._current, self._overwrite = labels, current, overwrite
        mask = self._find()
        if mask is not None:
            self._paint(mask)

    def show_preview(self, plane: Plane, outline: NDArray[np.bool_] | None) -> None:
        """Draw an outline that is not kept yet over one slice; None takes it away."""
        layer = self._preview
        if layer is None or layer not in self._viewer.layers:
            if outline is None or self._image is None:
                return
            layer = self._preview = self._make_preview(self._image)
        plane.view(layer.data)[...] = 0 if outline is None else _edge(outline)
        layer.refresh()

    def write(
        self, outlines: Mapping[Plane, NDArray[np.bool_]], value: int, *, overwrite: bool
    ) -> tuple[int, int]:
        """Put outlines into the mask as one step of its history; voxels (changed, protected)."""
        mask = self._find() or self._make()
        changed = protected = 0
        if mask is None:
            return changed, protected
        with mask.block_history():
            for plane, outline in outlines.items():
                plan = plan_merge(plane.view(mask.data), outline, value, overwrite=overwrite)
                mask.data_setitem(_indices(plane, plan.change), value)
                changed += plan.changed
                protected += plan.protected
        return changed, protected

    def note(self, outline: Mapping[str, Any]) -> None:
        """Note with the mask where an outline came from."""
        mask = self._find()
        if mask is not None:
            mask.metadata.setdefault(OUTLINES, []).append(dict(outline))

    def notes(self) -> list[dict[str, Any]]:
        """Return what was noted with the mask."""
        mask = self._find()
        return list(mask.metadata.get(OUTLINES, ())) if mask is not None else []

    def undo(self) -> bool:
        """Take back the last step on the mask; False without a mask."""
        mask = self._find()
        if mask is not None:
            mask.undo()
        return mask is not None

    def read(self) -> NDArray[Any] | None:
        """Return a copy of the mask; None without one. Raises `GeometryError` if it was moved."""
        mask, volume = self._find(), volume_of(self._image)
        if mask is None or volume is None:
            return None
        placed = {key: getattr(mask, key) for key in ("scale", "translate", "rotate", "shear")}
        check_on_grid(mask.data.shape, placed, volume)
        return np.array(mask.data)

    def add(self, mask: NDArray[Any]) -> None:
        """Lay a finished mask over the image as a new layer: an old one's history stays true."""
        self._make(mask)

    def _find(self) -> Labels | None:
        """The mask in hand: the selected labels on this image, else the one used last."""
        candidates = [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Labels)
            and layer is not self._preview
            and volume_of(layer) is not None
            and volume_of(layer) is volume_of(self._image)
        ]
        active = self._viewer.layers.selection.active
        for wanted in (active, self._mask):
            if any(wanted is layer for layer in candidates):
                self._mask = wanted
                return self._mask
        self._mask = candidates[-1] if candidates else None
        return self._mask

    def _make(self, mask: NDArray[Any] | None = None) -> Labels | None:
        if self._image is None:
            return None
        data = np.zeros(self._image.data.shape[:3], np.uint8) if mask is None else mask
        layer = self._add(self._viewer, data, name="Mask", opacity=0.5, **self._where(self._image))
        self._mask = layer
        self._paint(layer)
        return layer

    def _make_preview(self, image: Image) -> Labels:
        data = np.zeros(image.data.shape[:3], np.uint8)
        colours = {0: "transparent", 1: _PREVIEW_COLOUR, None: "transparent"}
        layer = self._add(
            self._viewer,
            data,
            name=_PREVIEW,
            opacity=1,
            colormap=DirectLabelColormap(color_dict=colours),
            **self._where(image),
        )
        layer.editable = False
        return layer

    @staticmethod
    def _where(image: Image) -> dict[str, Any]:
        """The image's grid, without what its metadata says of the image alone."""
        where = grid_of(image)
        return {**where, "metadata": {VOLUME: where["metadata"][VOLUME]}}

    @staticmethod
    def _add(viewer: Any, data: NDArray[Any], **options: Any) -> Labels:
        """Add a layer under the prompts, and leave the mouse with the layer in use."""
        active = viewer.layers.selection.active
        layer: Labels = viewer.add_labels(data, **options)
        under = [n for n, la in enumerate(viewer.layers) if isinstance(la, Points | Shapes)]
        if under:
            viewer.layers.move(len(viewer.layers) - 1, min(under))
        viewer.layers.selection.active = active
        return layer

    def _paint(self, mask: Labels) -> None:
        colours: dict[int | None, Any] = {0: "transparent", None: "gray"}
        colours |= {label.value: np.asarray(label.colour) / 255 for label in self._labels}
        mask.colormap = DirectLabelColormap(color_dict=colours)
        mask.selected_label = self._current
        mask.preserve_labels = not self._overwrite
        mask.metadata[LABELS] = tuple(self._labels)


def _indices(plane: Plane, change: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
    rows, cols = np.nonzero(change)
    across = np.full(rows.shape, plane.index, dtype=np.intp)
    indices = [rows, cols]
    indices.insert(plane.axis, across)
    return tuple(indices)


def _edge(outline: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rim of an outline, so that what lies inside can be seen.

    napari's own contours would do, but warn whenever the view turns to 3-D.
    """
    voxels = 1 if max(outline.shape) < _FINE else 2
    inside: NDArray[np.bool_] = ndimage.binary_erosion(outline, iterations=voxels)
    return outline & ~inside
