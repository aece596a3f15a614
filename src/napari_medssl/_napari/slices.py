"""Which slice of an image is on the screen, and turning to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_medssl._napari.presenters.scene import Index


def plane_on_screen(viewer: Any, image: Image | None) -> Plane | None:
    """Return the slice on the screen; None in 3-D or without an image."""
    dims = viewer.dims
    if image is None or dims.ndisplay != 2:
        return None
    lead = dims.ndim - 3
    axis = dims.order[lead] - lead
    index = round(float(image.world_to_data(dims.point[lead:])[axis]))
    return Plane(axis, min(max(index, 0), image.data.shape[axis] - 1))


def turn_to_box(viewer: Any, image: Image | None, low: Index, high: Index) -> None:
    """Turn to the nearest slice through a box of voxels, unless one is on the screen."""
    plane = plane_on_screen(viewer, image)
    if plane is None or image is None:
        return
    index = min(max(plane.index, low[plane.axis]), high[plane.axis])
    if index != plane.index:
        world = image.data_to_world([index] * 3)[plane.axis]
        viewer.dims.set_point(viewer.dims.ndim - 3 + plane.axis, float(world))


def turn_to_voxel(viewer: Any, image: Image, voxel: Index) -> None:
    """Turn all slices to a voxel; move the camera to it only if it is out of sight."""
    lead = viewer.dims.ndim - 3
    world = np.asarray(image.data_to_world(voxel)[-3:], float)
    viewer.dims.set_point([lead + axis for axis in range(3)], world.tolist())
    if viewer.dims.ndisplay != 2:
        return
    camera = viewer.scene.camera
    there = world[[axis - lead for axis in viewer.dims.order[-2:]]]
    away = np.abs(there - np.asarray(camera.center[-2:])) * camera.zoom
    if (away > np.asarray(viewer.canvas.size) / 2).any():
        camera.center = (camera.center[0], *there.tolist())
