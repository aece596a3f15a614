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
from napari_medssl.errors import MedSSLError
from napari_medssl.io.sidecar import stem

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.scene import Scene

_BURNT_IN = "burnt-in-text"


def mask_sources(scene: Scene, activity: Activity) -> tuple[ExportSource, ...]:
    """Return the mask in hand as it is now; says so where there is none."""
    volume, document = scene.volume, scene.document
    try:
        mask = scene.read_mask()
    except MedSSLError as error:
        activity.fail(error)
        return ()
    if volume is None or document is None or mask is None:
        activity.say("There is no mask yet: outline something first.", problem=True)
        return ()
    labels = tuple(row.info for row in document.labels)
    whole = Exportable(volume, mask, labels, document.outlines, scene.window)
    burnt_in = volume.modality == "US" or any(n.code == _BURNT_IN for n in volume.notices)
    piece = Piece(stem(volume.source.name), lambda: whole)
    kinds = (*MASKS, *PICTURES)
    return (ExportSource(f"This mask: {volume.source.name}", (piece,), kinds, burnt_in),)
