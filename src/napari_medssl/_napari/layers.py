"""Volume <-> napari layers: the one place that says where a layer's voxels lie.

Layers are (z, y, x) at the image's spacing, turned to the inside convention, never with an
affine: napari slices oblique affines wrongly. The true geometry travels in the metadata. A
picture without a spacing is given in pixels, so that no scale bar claims millimetres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError
from napari_medssl.volume import Volume, default_window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Image, Labels, Layer
    from numpy.typing import NDArray

#: where a layer's metadata keeps the `Volume` that it shows, or was drawn on
VOLUME = "napari-medssl volume"
#: the `presenters.mask.document.Document` of a mask
DOCUMENT = "napari-medssl document"
#: the id of the case that an image is, in the project of the same window
CASE = "napari-medssl case"
#: the `presenters.mask.document.Document` that an image's first mask would get
SPARE = "napari-medssl document of the first mask"
#: and the `Window` that an image was opened with
OPENED_WITH = "napari-medssl window"
#: of a second scan of the patient: the `Volume` of the image that it lies over
LAID_OVER = "napari-medssl laid over"
#: of a layer that prompts are drawn on: the `prompt_layers.PromptLayers` that it is one of
PROMPTS = "napari-medssl prompts"

_SAME = 1e-4
_PLACE = ("scale", "translate", "rotate", "shear", "affine")

LayerData = tuple[Any, dict[str, Any], str]


def grid(volume: Volume) -> dict[str, Any]:
    """Scale, translate, units, axis labels and metadata of every layer on a volume's grid."""
    columns = np.asarray(volume.geometry.direction).T
    labels = ["z", "y", "x"]
    if volume.frame_axis is not None:
        labels[volume.frame_axis] = "frame"
    return {
        "scale": volume.geometry.spacing_mm,
        "translate": tuple((columns @ np.asarray(volume.geometry.origin_mm)).tolist()),
        "units": "mm" if volume.spacing_known else "pixel",
        "axis_labels": tuple(labels),
        "metadata": {VOLUME: volume},
    }


def grid_of(layer: Layer) -> dict[str, Any]:
    """Return the same for a layer laid over ``layer``, wherever the user has moved that."""
    return {
        **place_of(layer),
        "units": layer.units,
        "axis_labels": layer.axis_labels,
        "metadata": {VOLUME: volume_of(layer)},
    }


def place_of(layer: Layer) -> dict[str, Any]:
    """Return all that says where a layer's voxels lie; napari's own handles set the affine."""
    return {
        "scale": tuple(layer.scale),
        "translate": tuple(layer.translate),
        "rotate": layer.rotate,
        "shear": tuple(layer.shear),
        "affine": layer.affine.affine_matrix,
    }


def to_world(layer: Layer) -> NDArray[np.float64]:
    """4 x 4 affine from a layer's indices (z, y, x, 1) to napari's world."""
    affine = np.eye(4)
    origin = np.asarray(layer.data_to_world((0, 0, 0)))
    for axis, unit in enumerate(np.eye(3)):
        affine[:3, axis] = np.asarray(layer.data_to_world(unit)) - origin
    affine[:3, 3] = origin
    return affine


def lie_together(layer: Layer, other: Layer) -> bool:
    """Whether indices of one layer mean the same place as those of another, to 0.0001 voxels."""
    across = np.linalg.inv(to_world(other)) @ to_world(layer)
    return bool(np.allclose(across, np.eye(4), atol=_SAME))


def add_under_prompts(viewer: Any, data: NDArray[Any], **options: Any) -> Labels:
    """Add labels under points, boxes and strokes, and leave the mouse with the layer in use."""
    from napari.layers import Points, Shapes, Vectors

    active = viewer.layers.selection.active
    layer: Labels = viewer.add_labels(data, **options)
    drawn_on = (Points, Shapes, Vectors)
    prompts = [n for n, other in enumerate(viewer.layers) if isinstance(other, drawn_on)]
    if prompts:
        viewer.layers.move(len(viewer.layers) - 1, min(prompts))
    viewer.layers.selection.active = active
    return layer


def image_layer(volume: Volume) -> LayerData:
    """Return an image layer for napari's readers; a view of the voxels, never a copy."""
    options = {"name": layer_name(volume), **grid(volume)}
    if volume.is_rgb:
        return np.moveaxis(volume.array, 0, -1), {**options, "rgb": True}, "image"
    window = default_window(volume)
    options["contrast_limits"] = (window.low, window.high)
    options["rgb"] = False  # napari takes three or four sagittal slices for colours
    options["metadata"] = {**options["metadata"], OPENED_WITH: window}
    return volume.array, options, "image"


def layer_name(volume: Volume) -> str:
    """Return the file's name, and which of its volumes it is where there are several."""
    source = volume.source
    return source.name if source.volumes == 1 else f"{source.name} (volume {source.volume + 1})"


def volume_of(layer: Layer | None) -> Volume | None:
    """Return the volume that a layer shows or was drawn on; None for layers made elsewhere."""
    volume = layer.metadata.get(VOLUME) if layer is not None else None
    return volume if isinstance(volume, Volume) else None


def image_of(viewer: Any, layer: Any) -> Image | None:
    """Return the image that a layer is, or that it lies on: a mask, or a second scan."""
    from napari.layers import Image, Labels

    is_image = isinstance(layer, Image)
    volume = layer.metadata.get(LAID_OVER) if is_image else None
    if isinstance(layer, Labels):
        volume = volume_of(layer)
    images = [la for la in viewer.layers if isinstance(la, Image)]
    below = next((la for la in images if volume and volume_of(la) is volume), None)
    return below or (layer if is_image else None)


def last_image(viewer: Any) -> Image | None:
    """Return the image that was added last, or the one below it if it lies over another."""
    from napari.layers import Image

    last = next((la for la in reversed(viewer.layers) if isinstance(la, Image)), None)
    return image_of(viewer, last)


def check_on_grid(
    shape: tuple[int, ...], placed: Mapping[str, Any], volume: Volume, image: Layer | None = None
) -> None:
    """Refuse a mask that was moved, stretched or is of another size than its image.

    Parameters
    ----------
    shape : tuple of int
        Shape of the labels.
    placed : mapping
        The layer's ``scale``, ``translate``, ``rotate``, ``shear`` and ``affine``.
    volume : Volume
        The image.
    image : napari layer, optional
        Where the image is now; where it was opened without it.

    Raises
    ------
    GeometryError
        If a voxel of the mask does not lie on the image's voxel of the same index.
    """
    if shape != volume.geometry.shape:
        raise GeometryError(
            f"a mask of {_by(shape)} voxels for an image of {_by(volume.geometry.shape)}",
            expected="the same number along each axis",
            do="Draw on the mask that the Segment panel makes for this image",
        )
    opened = {**grid(volume), "rotate": np.eye(3), "shear": np.zeros(3), "affine": np.eye(4)}
    wanted = place_of(image) if image is not None else opened
    if not all(np.allclose(placed[key], wanted[key], rtol=1e-5, atol=1e-4) for key in _PLACE):
        raise GeometryError(
            "the mask was moved or stretched away from its image",
            expected="both in one place",
            do="Undo the layer's transform, or draw on a new mask",
        )


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
