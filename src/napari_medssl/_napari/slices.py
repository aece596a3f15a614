"""Which slice of an image is on the screen, whether it can be marked, and turning to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.layers import to_world
from napari_medssl.errors import PromptError
from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_medssl._napari.presenters.scene import Index

#: a way through the image leaves the slice by less than this part of itself
_IN_PLANE = 1e-6


def plane_on_screen(viewer: Any, image: Image | None) -> Plane | None:
    """Return the slice on the screen; None in 3-D or without an image."""
    dims = viewer.dims
    if image is None or dims.ndisplay != 2:
        return None
    axis, index = _axis_on_screen(viewer), _index_on_screen(viewer, image)
    return Plane(axis, min(max(index, 0), image.data.shape[axis] - 1))


def require_markable(viewer: Any, image: Image | None) -> None:
    """Refuse to mark where napari does not show what the mouse touches.

    Raises
    ------
    PromptError
        In 3-D, or where the view has left the image; on an image turned or sheared out of the
        slice, as napari shows it without that and yet takes the mouse to be on it with that;
        beside a layer in other units, which napari minds when it draws and forgets when it asks
        where the mouse is.
    """
    plane = plane_on_screen(viewer, image)
    if plane is None or image is None:
        raise PromptError("a mark in 3-D", do="Turn to a slice: marks are made on slices")
    units = viewer.dims.units
    if units is not None and tuple(units[-3:]) != tuple(image.units):
        raise PromptError(
            f"layers in {units[-1]} beside an image in {image.units[-1]}",
            expected="one unit",
            do="Give all layers the same units, then mark again",
        )
    ways = to_world(image)[:3, :3]
    ways /= np.linalg.norm(ways, axis=0)
    across = np.arange(3) == plane.axis
    if np.abs(ways[across[:, None] != across]).max() > _IN_PLANE:
        raise PromptError(
            "the image is turned or sheared out of the slice on the screen, and napari does not "
            "show where a mark would lie",
            do="Undo the layer's transform, or mark in the panel Three planes",
        )
    if plane.index != _index_on_screen(viewer, image):
        raise PromptError("a mark where the image has no slice", do="Turn to a slice of it")


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


def _axis_on_screen(viewer: Any) -> int:
    """Which axis of a (z, y, x) layer the slice on the screen stands across."""
    lead: int = viewer.dims.ndim - 3
    return int(viewer.dims.order[lead]) - lead


def _index_on_screen(viewer: Any, image: Image) -> int:
    """Which slice of an image the view has come to; it may be beyond the image."""
    point = viewer.dims.point[viewer.dims.ndim - 3 :]
    return round(float(image.world_to_data(point)[_axis_on_screen(viewer)]))
