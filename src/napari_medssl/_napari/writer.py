"""napari's writer: a labels layer -> a mask on its image's own stored grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.layers import DOCUMENT, VOLUME, check_on_grid, grid
from napari_medssl.errors import SaveError

if TYPE_CHECKING:
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
    check_on_grid(mask.shape, meta, volume)
    document = metadata.get(DOCUMENT)
    labels = [row.info for row in document.labels] if document is not None else []
    provenance = {"outlines": list(document.outlines) if document is not None else []}
    return [str(write_labels(mask, volume, path, labels=labels, provenance=provenance))]


def _volume_under(shape: tuple[int, ...], meta: dict[str, Any]) -> Volume | None:
    """Look for an open image on the grid of labels that were made with napari's own button."""
    from napari import current_viewer

    from napari_medssl._napari.layers import volume_of

    viewer = current_viewer()
    volumes = (volume_of(layer) for layer in (viewer.layers if viewer is not None else ()))
    for volume in volumes:
        if volume is None or volume.geometry.shape != shape:
            continue
        wanted = grid(volume)
        if all(np.allclose(meta[key], wanted[key]) for key in ("scale", "translate")):
            return volume
    return None
