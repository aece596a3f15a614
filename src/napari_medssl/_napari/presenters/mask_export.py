"""What can be exported of the mask in hand, with or without a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.export_kinds import (
    MASKS,
    PICTURES,
    Exportable,
    ExportSource,
    Piece,
)
from napari_medssl.io.sidecar import stem

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.scene import Scene

_BURNT_IN = "burnt-in-text"


def mask_sources(scene: Scene) -> tuple[ExportSource, ...]:
    """Return the mask in hand as it is now; empty without one.

    Raises
    ------
    GeometryError
        If the mask was moved away from its image.
    """
    volume, document, mask = scene.volume, scene.document, scene.read_mask()
    if volume is None or document is None or mask is None:
        return ()
    labels = tuple(row.info for row in document.labels)
    whole = Exportable(volume, mask, labels, document.outlines, scene.window)
    burnt_in = volume.modality == "US" or any(n.code == _BURNT_IN for n in volume.notices)
    piece = Piece(stem(volume.source.name), lambda: whole)
    kinds = (*MASKS, *PICTURES)
    return (ExportSource(f"This mask: {volume.source.name}", (piece,), kinds, burnt_in),)
