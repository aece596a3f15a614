"""napari's writer: a labels layer -> a mask on its image's own stored grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.layers import DOCUMENT, VOLUME, check_on_grid, grid, volume_of
from napari_medssl.errors import SaveError

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_medssl.volume import Volume


def write_mask(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Save one labels layer; the suffix chooses NIfTI, NRRD or MetaImage.

    Raises
    ------
    SaveError
        If the labels belong to no image that we opened, or cannot be written.
    GeometryError
        If the layer was moved away from its image.
    """
    from napari_medssl.io import write_labels

    metadata = meta.get("metadata", {})
    mask = np.asarray(data)
    volume = metadata.get(VOLUME) or _volume_under(mask.shape, meta)
    if volume is None:
        raise SaveError(
            "these labels belong to no image that MedSSL opened, so there is no grid to save on",
            do="Open the image with MedSSL and draw on the mask of the Segment panel",
        )
    check_on_grid(mask.shape, meta, volume, _image_of(volume))
    document = metadata.get(DOCUMENT)
    labels = [row.info for row in document.labels] if document is not None else []
    provenance = {"outlines": list(document.outlines) if document is not None else []}
    return [str(write_labels(mask, volume, path, labels=labels, provenance=provenance))]


def _volume_under(shape: tuple[int, ...], meta: dict[str, Any]) -> Volume | None:
    """Look for an open image on the grid of labels that were made with napari's own button."""
    for volume in map(volume_of, _open_layers()):
        if volume is None or volume.geometry.shape != shape:
            continue
        wanted = grid(volume)
        if all(np.allclose(meta[key], wanted[key]) for key in ("scale", "translate")):
            return volume
    return None


def _image_of(volume: Volume) -> Layer | None:
    """Look for the layer that shows a volume: the user may have moved it, masks and all."""
    from napari.layers import Image

    shown = (layer for layer in _open_layers() if isinstance(layer, Image))
    return next((layer for layer in shown if volume_of(layer) is volume), None)


def _open_layers() -> list[Layer]:
    from napari import current_viewer

    viewer = current_viewer()
    return list(viewer.layers) if viewer is not None else []
