"""Where voxels are on the screen, and what napari's layers hold: for recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hand import middle, seen
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QOpenGLWidget

if TYPE_CHECKING:
    import napari


def from_middle(viewer: napari.Viewer, voxel: tuple[int, ...]) -> np.ndarray:
    """How far a voxel of the slice lies from the canvas's middle, down and right, in pixels."""
    shown = list(viewer.dims.displayed)
    world = np.asarray(viewer.layers[0].data_to_world(voxel))[shown]
    camera = viewer.scene.camera
    away: np.ndarray = (world - np.asarray(camera.center)[-2:]) * camera.zoom
    return away


class Canvas:
    """The slice that a viewer shows.

    Parameters
    ----------
    viewer : napari.Viewer
        Its first layer is the image.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = viewer

    def turn_to(self, axis: int, index: int) -> bool:
        """Turn to a slice, as the slider or the arrow keys do; False while nothing is open."""
        if not self._viewer.layers:
            return False
        self._viewer.dims.set_current_step(axis, index)
        return True

    def place(self, voxel: tuple[int, ...]) -> QPoint:
        """Where a voxel of the slice is on the screen."""
        down, right = from_middle(self._viewer, voxel)
        return middle(seen(QOpenGLWidget)[0]) + QPoint(round(right), round(down))

    def preview(self) -> np.ndarray | None:
        """The outline that waits to be kept; None where there is none."""
        found = [np.asarray(la.data) for la in self._viewer.layers if la.name.startswith("Preview")]
        return found[0].copy() if found and found[0].any() else None

    def mask(self) -> np.ndarray | None:
        """The mask drawn so far."""
        masks = [la for la in self._viewer.layers if la.name.startswith("Mask")]
        return np.array(masks[-1].data) if masks else None
