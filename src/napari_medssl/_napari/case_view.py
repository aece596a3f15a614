"""How a case is looked at, as plain values: slice, zoom, window, layers and the brush."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Image, Labels

_OF_IMAGE = ("visible", "opacity", "gamma")
_OF_MASK = (
    *("visible", "opacity", "contour"),
    *("selected_label", "brush_size", "n_edit_dimensions"),
)
_TOOLS = ("paint", "erase", "fill", "polygon")
_OF_CAMERA = ("center", "zoom", "angles")


def read_view(viewer: Any, image: Image, mask: Labels) -> dict[str, Any]:
    """Tell how a case is looked at.

    Returns
    -------
    dict
        Plain values only. ``point`` is the place of the slices along (z, y, x), in the layers'
        own units (mm, or pixels where there is no spacing); ``window`` is in the image's values.
    """
    dims = viewer.dims
    lead = dims.ndim - 3
    return {
        "ndisplay": int(dims.ndisplay),
        "order": [int(axis) - lead for axis in dims.order[lead:]],
        "point": [float(at) for at in dims.point[lead:]],
        "camera": {key: _plain(getattr(viewer.scene.camera, key)) for key in _OF_CAMERA},
        "window": [] if image.rgb else _plain(image.contrast_limits),
        "image": {key: _plain(getattr(image, key)) for key in _OF_IMAGE},
        "tool": _tool(viewer, mask),
        "mask": {key: _plain(getattr(mask, key)) for key in _OF_MASK},
    }


def restore_view(viewer: Any, image: Image, mask: Labels, view: Mapping[str, Any]) -> None:
    """Look at a case as `read_view` told; what does not fit is left as it is.

    A view says nothing about the voxels, so that one that was damaged is no error.
    """
    for restore in (_restore_layers, _restore_dims, _restore_camera):
        try:
            restore(viewer, image, mask, view)
        except (KeyError, IndexError, TypeError, ValueError):
            continue


def _restore_layers(viewer: Any, image: Image, mask: Labels, view: Mapping[str, Any]) -> None:
    if view["window"]:
        image.contrast_limits = view["window"]
    for name in _OF_IMAGE:
        setattr(image, name, view["image"][name])
    for name in _OF_MASK:
        setattr(mask, name, view["mask"][name])
    viewer.layers.selection.active = mask if view["tool"] else image
    if view["tool"] and mask.editable:
        mask.mode = view["tool"]


def _restore_dims(viewer: Any, image: Image, mask: Labels, view: Mapping[str, Any]) -> None:
    dims = viewer.dims
    lead = dims.ndim - 3
    dims.ndisplay = view["ndisplay"]
    dims.order = (*range(lead), *(lead + int(axis) for axis in view["order"]))
    for axis, at in enumerate(view["point"]):
        dims.set_point(lead + axis, at)


def _restore_camera(viewer: Any, image: Image, mask: Labels, view: Mapping[str, Any]) -> None:
    for key in _OF_CAMERA:
        setattr(viewer.scene.camera, key, view["camera"][key])


def _tool(viewer: Any, mask: Labels) -> str:
    """The tool that paints, if one is in hand."""
    in_hand = mask is viewer.layers.selection.active and str(mask.mode) in _TOOLS
    return str(mask.mode) if in_hand else ""


def _plain(value: Any) -> Any:
    """Numbers and sequences of them, as JSON knows them."""
    if isinstance(value, bool | int | str):
        return value
    return [float(v) for v in value] if hasattr(value, "__len__") else float(value)
