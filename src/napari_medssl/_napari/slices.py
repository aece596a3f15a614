"""Which slice of an image is on the screen, and turning to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
