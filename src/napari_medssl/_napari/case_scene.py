"""The canvas for the project's presenters: one case's image and mask, and how they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from napari.layers import Labels

from napari_medssl._napari.case_view import read_view, restore_view
from napari_medssl._napari.layers import CASE, DOCUMENT, image_layer, volume_of
from napari_medssl._napari.mask_layer import record
from napari_medssl._napari.mask_layers import labels_layer
from napari_medssl._napari.patient_view import attach_patient_view
from napari_medssl._napari.presenters.project.added_mask import AddedMask

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_medssl._napari.mask_layer import MaskLayer
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.project.case_canvas import OpenCase

_NAME = "Mask"


class CaseListener(Protocol):
    """Who wants to know what happens to the case on the canvas."""

    def view_changed(self) -> None:
        """Another slice, window or zoom is on the screen."""

    def removed(self) -> None:
        """The user has deleted the image or the mask of the case."""

    def mask_added(self, added: AddedMask) -> None:
        """Another mask was laid over the image of the case."""

    def labels_added(self, name: str) -> None:
        """A labels layer was added that is no mask of ours."""


class CaseScene:
    """One napari viewer, as `presenters.project.case_canvas.CaseCanvas` wants it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._mask: Labels | None = None
        self._editable: MaskLayer | None = None
        self._unsettled: list[RecordedMask] = []
        self._listener: CaseListener | None = None
        attach_patient_view(viewer)
        dims, camera = viewer.dims.events, viewer.scene.camera.events
        self._seen = (
            *(dims.current_step, dims.order, dims.ndisplay),
            *(camera.center, camera.zoom, camera.angles),
        )

    def listen(self, listener: CaseListener) -> None:
        """Begin to tell ``listener`` what the user does."""
        self._listener = listener
        self._viewer.layers.events.removed.connect(self._on_removed)
        self._viewer.layers.events.inserted.connect(self._on_inserted)
        for emitter in self._seen:
            emitter.connect(self._on_view)

    def close(self) -> None:
        """Stop listening."""
        self._listener = None
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for emitter in self._seen:
            emitter.disconnect(self._on_view)

    def show(self, case: OpenCase) -> None:
        """Show a case as it was left, in place of the one before."""
        self.clear()
        voxels, options, _ = image_layer(case.volume)
        options["metadata"] = {**options["metadata"], CASE: case.id}
        image = self._viewer.add_image(voxels, **{**options, "name": case.name})
        labels, options, _ = labels_layer(
            case.volume, case.labels, case.document, _NAME, editable=case.editable
        )
        mask = self._viewer.add_labels(labels, **options)
        recorded = record(mask)
        restore_view(self._viewer, image, mask, case.view)
        for emitter in _layer_events(image, mask):
            emitter.connect(self._on_view)
        self._image, self._mask = image, mask
        self._editable = recorded if case.editable else None

    def clear(self) -> None:
        """Take the case off the canvas and forget its voxels."""
        layers = [layer for layer in (self._mask, self._image) if layer is not None]
        if self._editable is not None and self.busy():
            self._unsettled.append(self._editable.mask)
        self._image = self._mask = self._editable = None
        for layer in layers:
            self._remove(layer)
        if layers:
            self._viewer.layers.selection.clear()  # which would hold on to the layer removed last

    def busy(self) -> str:
        """Tell what is still being done to the mask, or to one just taken away; else empty."""
        self._unsettled = [mask for mask in self._unsettled if mask.why_not]
        shown = [self._editable.mask] if self._editable is not None else []
        return next((mask.why_not for mask in (*shown, *self._unsettled) if mask.why_not), "")

    def view(self) -> dict[str, Any]:
        """Tell how the case is looked at."""
        if self._image is None or self._mask is None:
            return {}
        return read_view(self._viewer, self._image, self._mask)

    def _on_view(self) -> None:
        if self._listener is not None and self._image is not None:
            self._listener.view_changed()

    def _on_removed(self, event: Any) -> None:
        ours = event.value is self._image or event.value is self._mask
        if self._listener is not None and self._image is not None and ours:
            self._listener.removed()

    def _on_inserted(self, event: Any) -> None:
        layer, own = event.value, self._editable
        if self._listener is None or own is None or not isinstance(layer, Labels):
            return
        document = layer.metadata.get(DOCUMENT)
        is_copy = document is own.mask.document
        if document is None and volume_of(layer) is not None:
            return  # a layer that only shows something
        if document is None or is_copy or volume_of(layer) is not volume_of(self._image):
            self._listener.labels_added(layer.name)
            return
        added = AddedMask(
            layer.data, document, own.mask, own.make_room, lambda: self._remove(layer)
        )
        self._listener.mask_added(added)

    def _remove(self, layer: Labels) -> None:
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)


def _layer_events(image: Image, mask: Labels) -> tuple[Any, ...]:
    """What of the two layers belongs to the view."""
    of_image, of_mask = image.events, mask.events
    return (
        *(of_image.contrast_limits, of_image.gamma, of_image.visible, of_image.opacity),
        *(of_mask.visible, of_mask.opacity, of_mask.contour),
        *(of_mask.selected_label, of_mask.brush_size, of_mask.n_edit_dimensions, of_mask.mode),
    )
