"""The preview over an image: the rim of an outline that is not kept yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QTimer
from scipy import ndimage

from napari_medssl._napari.layers import add_under_prompts, grid_of

if TYPE_CHECKING:
    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_medssl.segment import Plane

_NAME = "Preview (not kept yet)"
_COLOUR = "#ffe14d"
_FINE = 400
#: slices that come one after the other, but not into sight, are drawn together
_TOGETHER_MS = 400


class PreviewLayer:
    """Makes the preview when there is one to show, and takes it away with its image."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._layer: Labels | None = None
        self._soon = QTimer()
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._refresh)

    def lay_over(self, image: Image | None) -> None:
        """Move to another image: the preview of the one before is taken away."""
        if self._layer is not None and self._layer in self._viewer.layers:
            self._viewer.layers.remove(self._layer)
        self._image, self._layer = image, None

    def show(self, plane: Plane, outline: NDArray[np.bool_] | None) -> None:
        """Draw an outline over one slice; None takes it away."""
        layer = self._layer
        if layer is None or layer not in self._viewer.layers:
            if outline is None or self._image is None:
                return
            layer = self._layer = self._make(self._image)
        plane.view(layer.data)[...] = 0 if outline is None else _edge(outline)
        if self._in_sight(plane):
            layer.refresh()
        elif not self._soon.isActive():
            self._soon.start(_TOGETHER_MS)

    def _in_sight(self, plane: Plane) -> bool:
        """Whether the canvas shows this slice, rather than others or cuts through it."""
        dims, layer = self._viewer.dims, self._layer
        if layer is None or dims.ndim - layer.ndim + plane.axis in dims.displayed:
            return False
        at = layer.world_to_data(dims.point[-layer.ndim :])
        return round(float(at[plane.axis])) == plane.index

    def _refresh(self) -> None:
        if self._layer is not None and self._layer in self._viewer.layers:
            self._layer.refresh()

    def _make(self, image: Image) -> Labels:
        colours = {0: "transparent", 1: _COLOUR, None: "transparent"}
        layer = add_under_prompts(
            self._viewer,
            np.zeros(image.data.shape[:3], np.uint8),
            name=_NAME,
            opacity=1,
            colormap=DirectLabelColormap(color_dict=colours),
            **grid_of(image),
        )
        layer.editable = False
        return layer


def _edge(outline: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rim of an outline, so that what lies inside can be seen.

    napari's own contours would do, but warn whenever the view turns to 3-D.
    """
    voxels = 1 if max(outline.shape) < _FINE else 2
    inside: NDArray[np.bool_] = ndimage.binary_erosion(outline, iterations=voxels)
    return outline & ~inside
