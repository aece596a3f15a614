"""A second scan of the patient as a layer over the first: on its own grid, in fitting colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.layers import LAID_OVER, OPENED_WITH, grid_of, image_layer, volume_of
from napari_medssl.errors import GeometryError
from napari_medssl.volume import window_presets

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_medssl._napari.layers import LayerData
    from napari_medssl.volume import Volume

#: seen in colours over the grey below, from black at the lowest to white at the highest value, so
#: that what is faint hides nothing; where nothing tells what made a scan, colours set it apart
_HOT = ("PT", "OT")
_IN_COLOURS = {"colormap": "hot", "blending": "additive", "opacity": 0.8}
_IN_GREY = {"colormap": "gray", "blending": "translucent_no_depth", "opacity": 0.5}


def scan_over_layer(volume: Volume, image: Image) -> LayerData:
    """Return the layer of a scan that lies over an image of ours, wherever that was moved.

    Parameters
    ----------
    volume : Volume
        Whose axes run along those of the image: see `volume.alongside.cut_alike`.
    image : Image
        The layer below it.

    Raises
    ------
    GeometryError
        If the layer below is no image of ours.
    """
    below = volume_of(image)
    if below is None:
        raise GeometryError("an image without a place in the patient", do="Open it again here")
    data, options, kind = image_layer(volume)
    stretched = np.asarray(image.scale) / below.geometry.spacing_mm
    first_voxel = below.geometry.to_index(volume.geometry.origin_mm)
    placed: dict[str, Any] = {
        **grid_of(image),
        "scale": tuple((stretched * volume.geometry.spacing_mm).tolist()),
        "translate": _translate(image, first_voxel),
        "metadata": {**options["metadata"], LAID_OVER: below},
    }
    looks: dict[str, Any] = dict(_IN_COLOURS if volume.modality in _HOT else _IN_GREY)
    if volume.is_rgb:
        del looks["colormap"]
    elif volume.modality in _HOT:
        window = window_presets()["full"].window(volume.array)
        looks["contrast_limits"] = (window.low, window.high)
        placed["metadata"][OPENED_WITH] = window
    return data, {**options, **placed, **looks}, kind


def _translate(image: Image, index: np.ndarray) -> tuple[float, ...]:
    """Where its own first voxel goes: to this index of the image, less the affine of both."""
    return tuple(float(at) for at in image.affine.inverse(image.data_to_world(index)))
