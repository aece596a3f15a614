"""The canvas for automatic segmentation: the image in hand, its mask, and what is proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl._napari.layers import (
    CASE,
    SPARE,
    add_under_prompts,
    image_of,
    last_image,
    volume_of,
)
from napari_medssl._napari.mask_layer import record
from napari_medssl._napari.mask_layers import colours_of, find_mask, labels_layer
from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl._napari.proposal_layers import ProposalLayers
from napari_medssl._napari.slices import turn_to_box

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.scene import Index
    from napari_medssl.io.label_table import Colour
    from napari_medssl.volume import Volume


class AutomaticListener(Protocol):
    """Who wants to know what the user does on the canvas."""

    def image_changed(self) -> None:
        """Another image is in hand, or none."""

    def mask_changed(self) -> None:
        """Another mask is in hand, or none."""


class AutomaticScene:
    """One napari viewer, as `presenters.automatic.canvas.AutomaticCanvas` wants it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._mask: Labels | None = None
        self._told: Labels | None = None  # the mask that the listener knows of
        self._listener: AutomaticListener | None = None
        self._proposed = ProposalLayers(viewer)
        layers = viewer.layers
        self._events = (
            (layers.selection.events.active, self._on_active),
            (layers.events.inserted, self._on_mask),
            (layers.events.removed, self._on_removed),
        )

    def listen(self, listener: AutomaticListener) -> None:
        """Begin to tell ``listener`` what the user does; take an open image in hand."""
        self._listener = listener
        for emitter, slot in self._events:
            emitter.connect(slot, position="last")
        active = self._viewer.layers.selection.active
        self._take(image_of(self._viewer, active) or last_image(self._viewer))

    def close(self) -> None:
        """Stop listening and take the proposal off the canvas; the mask stays."""
        for emitter, slot in self._events:
            emitter.disconnect(slot)
        self._listener = None
        self._proposed.lay_over(None)

    @property
    def volume(self) -> Volume | None:
        """The image in hand, if it is one of ours."""
        return volume_of(self._image)

    @property
    def case(self) -> str | None:
        """The id of the case that it is, in the project of the same window."""
        return self._image.metadata.get(CASE) if self._image is not None else None

    @property
    def document(self) -> Document | None:
        """What belongs to the mask in hand, or to the one that the first step will make."""
        mask = self.mask
        if mask is not None:
            return mask.document
        if self._image is None or self.volume is None:
            return None
        spare: Document = self._image.metadata.setdefault(SPARE, Document())
        return spare

    @property
    def mask(self) -> RecordedMask | None:
        """The mask in hand; None before the first step."""
        self._mask = find_mask(self._viewer, self._image, self._mask)
        return record(self._mask).mask if self._mask is not None else None

    def start_mask(self) -> RecordedMask | None:
        """Return the mask in hand, made now if there was none."""
        image, volume, document = self._image, self.volume, self.document
        if self.mask is None and image is not None and volume is not None and document is not None:
            image.metadata[SPARE] = Document([LabelRow(row.info) for row in document.labels])
            empty = np.zeros(volume.geometry.shape, np.uint8)
            voxels, options, _ = labels_layer(volume, empty, document, "Mask")
            record(add_under_prompts(self._viewer, voxels, **options))
        return self.mask

    def show_voxels(self, low: Index, high: Index) -> None:
        """Turn to the nearest slice through this box, unless one is on the screen."""
        turn_to_box(self._viewer, self._image if self.volume is not None else None, low, high)

    def show_labels(self, labels: Sequence[LabelRow]) -> None:
        """Colour the mask by these labels."""
        if self.mask is not None and self._mask is not None:
            self._mask.colormap = colours_of(labels)

    def show_proposal(self, labels: NDArray[Any], colours: Mapping[int, Colour]) -> None:
        """Lay a proposal over image and mask."""
        self._proposed.show_labels(labels, colours)

    def show_difference(self, codes: NDArray[np.uint8]) -> None:
        """Lay over them what accepting it would change."""
        self._proposed.show_difference(codes)

    def hide_proposal(self) -> None:
        """Show image and mask alone."""
        self._proposed.hide()

    def show_uncertainty(self, percent: NDArray[np.uint8] | None) -> None:
        """Lay a heat map over everything; None takes it away."""
        self._proposed.show_uncertainty(percent)

    def _take(self, image: Image | None) -> None:
        if image is self._image and image is not None:
            return
        self._image = image
        self._proposed.lay_over(image if self.volume is not None else None)
        self._mask = self._told = find_mask(self._viewer, image, None)
        if self._listener is not None:
            self._listener.image_changed()

    def _on_active(self, event: Any) -> None:
        image = image_of(self._viewer, event.value)
        if image is not None:
            self._take(image)
        self._on_mask()

    def _on_removed(self, event: Any) -> None:
        if event.value is self._image:
            self._take(last_image(self._viewer))
        self._on_mask()

    def _on_mask(self) -> None:
        """Tell of it when another mask is in hand."""
        self._mask = find_mask(self._viewer, self._image, self._mask)
        if self._mask is not self._told:
            self._told = self._mask
            if self._listener is not None:
                self._listener.mask_changed()
