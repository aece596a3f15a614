"""The canvas for the presenters: the image in hand, its slice and window, and its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from napari.layers import Image

from napari_medssl._napari import patient_view
from napari_medssl._napari.layers import OPENED_WITH, VOLUME, image_layer, layer_name, volume_of
from napari_medssl._napari.mask_layers import MaskLayers
from napari_medssl._napari.prompt_layers import PromptLayers
from napari_medssl.errors import MedSSLError
from napari_medssl.segment import Plane
from napari_medssl.volume import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.io import LabelInfo
    from napari_medssl.segment import Prompts
    from napari_medssl.volume import Volume


class SceneListener(Protocol):
    """Who wants to know what the user does on the canvas."""

    def image_changed(self) -> None:
        """Another image is in hand, or none."""

    def window_changed(self) -> None:
        """The image shows other grey values."""

    def slice_changed(self) -> None:
        """Another slice is on the screen."""

    def tool_changed(self, tool: str) -> None:
        """The mouse does something else now."""

    def prompts_changed(self, prompts: Mapping[Plane, Prompts]) -> None:
        """A prompt was added, moved or deleted."""

    def prompts_refused(self, error: MedSSLError) -> None:
        """The prompts contradict each other."""


class ViewerScene:
    """One napari viewer, as `presenters.scene.Scene` wants it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._listener: SceneListener | None = None
        self._prompts = PromptLayers(viewer, self._on_prompts)
        self._masks = MaskLayers(viewer)
        patient_view.attach_patient_view(viewer)
        self._events = (
            (viewer.layers.selection.events.active, self._on_active),
            (viewer.layers.events.removed, self._on_removed),
            (viewer.dims.events.current_step, self._on_slice),
            (viewer.dims.events.order, self._on_slice),
            (viewer.dims.events.ndisplay, self._on_slice),
        )

    def listen(self, listener: SceneListener) -> None:
        """Begin to tell ``listener`` what the user does; take an open image in hand."""
        self._listener = listener
        for emitter, slot in self._events:
            emitter.connect(slot, position="last")
        images = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
        active = self._viewer.layers.selection.active
        self._take(active if isinstance(active, Image) else (images or [None])[-1])

    def close(self) -> None:
        """Stop listening and take prompts and preview off the canvas; the mask stays."""
        for emitter, slot in self._events:
            emitter.disconnect(slot)
        self._listener = None
        self._watch(None)
        self._prompts.lay_over(None)
        self._masks.lay_over(None)

    @property
    def volume(self) -> Volume | None:
        """The image in hand, if it is one of ours."""
        return volume_of(self._image)

    @property
    def window(self) -> Window | None:
        """The grey values shown as black to white."""
        if self._image is None:
            return None
        return Window(0, 255) if self._image.rgb else Window(*self._image.contrast_limits)

    @property
    def opened_with(self) -> Window | None:
        """The window that the image in hand was opened with."""
        return self._image.metadata.get(OPENED_WITH) if self._image is not None else None

    @property
    def plane(self) -> Plane | None:
        """The slice on the screen."""
        dims, image = self._viewer.dims, self._image
        if image is None or self.volume is None or dims.ndisplay != 2:
            return None
        lead = dims.ndim - 3
        axis = dims.order[lead] - lead
        index = round(float(image.world_to_data(dims.point[lead:])[axis]))
        return Plane(axis, min(max(index, 0), image.data.shape[axis] - 1))

    @property
    def foreign_path(self) -> str:
        """Path of the image in hand when another reader opened it."""
        if self._image is None or self.volume is not None:
            return ""
        return str(self._image.source.path or "")

    def add_image(self, volume: Volume) -> None:
        """Show a new image and take it in hand."""
        data, options, _ = image_layer(volume)
        self._viewer.add_image(data, **options)

    def replace_image(self, volume: Volume) -> None:
        """Show another volume of the same file; a mask on it stays."""
        before, image = self.volume, self._image
        if image is None:
            return
        for layer in self._viewer.layers:
            if volume_of(layer) is before:
                layer.metadata[VOLUME] = volume
        image.data = image_layer(volume)[0]
        image.name = layer_name(volume)
        self._tell_image()

    def set_window(self, window: Window) -> None:
        """Show these grey values as black to white."""
        if self._image is not None and not self._image.rgb:
            self._image.contrast_limits = (window.low, window.high)

    def show_plane(self, plane: str) -> None:
        """Turn to "axial", "coronal", "sagittal" or "3-D"."""
        patient_view.show_plane(self._viewer, plane)

    def use_tool(self, tool: str) -> None:
        """Make the mouse do this."""
        plane = self.plane
        if tool == "look" or plane is None:
            if self._image is not None:
                self._viewer.layers.selection.active = self._image
        elif tool == "box":
            self._prompts.take_boxes(plane.axis)
        elif tool in ("point", "not-point"):
            self._prompts.take_points("+" if tool == "point" else "-", plane.axis)
        else:
            self._masks.use(tool)
        self._on_tool()

    def show_prompts(self, prompts: Mapping[Plane, Prompts]) -> None:
        """Draw these prompts and no others."""
        self._prompts.show(prompts)

    def show_preview(self, plane: Plane, mask: NDArray[np.bool_] | None) -> None:
        """Draw a first outline over one slice; None takes it away."""
        self._masks.show_preview(plane, mask)

    def write_label(
        self, masks: Mapping[Plane, NDArray[np.bool_]], value: int, *, overwrite: bool
    ) -> tuple[int, int]:
        """Put outlines into the mask as one step to undo; voxels (changed, protected)."""
        return self._masks.write(masks, value, overwrite=overwrite)

    def note_outline(self, outline: Mapping[str, Any]) -> None:
        """Note with the mask where an outline came from."""
        self._masks.note(outline)

    def outline_notes(self) -> list[dict[str, Any]]:
        """Return what was noted with the mask."""
        return self._masks.notes()

    def undo_mask(self) -> bool:
        """Take back the last step on the mask; False without one."""
        return self._masks.undo()

    def mask(self) -> NDArray[Any] | None:
        """Return a copy of the mask."""
        return self._masks.read()

    def set_mask(self, mask: NDArray[Any]) -> None:
        """Lay a finished mask over the image in hand."""
        self._masks.add(mask)

    def show_labels(self, labels: Sequence[LabelInfo], current: int, *, overwrite: bool) -> None:
        """Colour the mask by these labels and draw with the current one."""
        self._masks.show_labels(labels, current, overwrite=overwrite)

    def _take(self, image: Image | None) -> None:
        if image is self._image and image is not None:
            return
        self._watch(image)
        self._prompts.lay_over(image if self.volume is not None else None)
        self._masks.lay_over(image if self.volume is not None else None)
        self._tell_image()

    def _watch(self, image: Image | None) -> None:
        if self._image is not None:
            self._image.events.contrast_limits.disconnect(self._on_window)
        self._image = image
        if image is not None:
            image.events.contrast_limits.connect(self._on_window)

    def _tell_image(self) -> None:
        if self._listener is not None:
            self._listener.image_changed()

    def _on_active(self, event: Any) -> None:
        if isinstance(event.value, Image):
            self._take(event.value)
        self._on_tool()

    def _on_removed(self, event: Any) -> None:
        if event.value is self._image:
            images = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
            self._take((images or [None])[-1])

    def _on_window(self) -> None:
        if self._listener is not None:
            self._listener.window_changed()

    def _on_slice(self) -> None:
        plane = self.plane
        if plane is not None:
            self._prompts.turn(plane.axis)
        if self._listener is not None:
            self._listener.slice_changed()

    def _on_tool(self) -> None:
        if self._listener is not None:
            prompting = self._prompts.tool()
            self._listener.tool_changed(prompting if prompting != "look" else self._masks.tool())

    def _on_prompts(self) -> None:
        if self._listener is None:
            return
        try:
            prompts = self._prompts.read()
        except MedSSLError as error:
            self._listener.prompts_refused(error)
        else:
            self._listener.prompts_changed(prompts)
