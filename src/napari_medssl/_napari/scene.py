"""The canvas for the presenters: the image in hand, its slice and window, and its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl._napari import patient_view
from napari_medssl._napari.done_mark import DoneMark
from napari_medssl._napari.kept_upon import KeptUpon
from napari_medssl._napari.layers import (
    LAID_OVER,
    VOLUME,
    image_layer,
    image_of,
    last_image,
    layer_name,
    volume_of,
)
from napari_medssl._napari.mask_layers import MaskLayers
from napari_medssl._napari.mask_watch import MaskWatch
from napari_medssl._napari.objects_layer import ObjectsLayer
from napari_medssl._napari.presenters.prompts.marks import MARKS
from napari_medssl._napari.preview_layer import PreviewLayer
from napari_medssl._napari.prompt_layers import PromptLayers
from napari_medssl._napari.reel import LayerReel
from napari_medssl._napari.scan_over import scan_over_layer
from napari_medssl._napari.slices import plane_on_screen, turn_to_box, turn_to_voxel
from napari_medssl._napari.window_layer import WindowLayer
from napari_medssl.errors import MedSSLError
from napari_medssl.volume import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.mask.document import Document, LabelRow
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.prompts.marks import Stroke
    from napari_medssl._napari.presenters.scene import Index, SceneListener
    from napari_medssl.correct.rules import Rules
    from napari_medssl.segment import Plane, Prompts
    from napari_medssl.volume import Volume


class ViewerScene:
    """One napari viewer, as `presenters.scene.Scene` wants it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._listener: SceneListener | None = None
        self._prompts = PromptLayers(viewer, self._on_prompts, self._on_stroke, self._on_refused)
        self._masks = MaskLayers(viewer)
        self._watched = MaskWatch()
        self._preview = PreviewLayer(viewer)
        self._objects = ObjectsLayer(viewer)
        self._done = DoneMark(viewer)
        self._kept_upon = KeptUpon(viewer)
        self.windows = WindowLayer(viewer, self._on_windowed)
        self.reel = LayerReel(viewer)
        patient_view.attach_patient_view(viewer)
        dims = viewer.dims.events
        self._events = (
            (viewer.layers.selection.events.active, self._on_active),
            (viewer.layers.events.inserted, self._on_mask),
            (viewer.layers.events.removed, self._on_removed),
            *((dims[name], self._on_slice) for name in ("current_step", "order", "ndisplay")),
        )

    def listen(self, listener: SceneListener) -> None:
        """Begin to tell ``listener`` what the user does; take an open image in hand."""
        self._listener = listener
        for emitter, slot in self._events:
            emitter.connect(slot, position="last")
        active = self._viewer.layers.selection.active
        self._take(image_of(self._viewer, active) or last_image(self._viewer))

    def close(self) -> None:
        """Stop listening and take prompts and preview off the canvas; the mask stays."""
        for emitter, slot in self._events:
            emitter.disconnect(slot)
        self._listener = None
        self._watched.release()
        self._watch(None)
        self._lay_over(None)
        self._done.remove()
        self.windows.close()

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
    def plane(self) -> Plane | None:
        """The slice on the screen."""
        return plane_on_screen(self._viewer, self._image if self.volume is not None else None)

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
            for key in (VOLUME, LAID_OVER):
                if layer.metadata.get(key) is before:
                    layer.metadata[key] = volume
        image.data = image_layer(volume)[0]
        image.name = layer_name(volume)
        self._tell_image()

    def lay_scan_over(self, volume: Volume) -> None:
        """Show a second scan over the image in hand; what is selected stays so."""
        if self._image is not None:
            active = self._viewer.layers.selection.active
            data, options, _ = scan_over_layer(volume, self._image)
            self._viewer.add_image(data, **options)
            self._viewer.layers.move(
                len(self._viewer.layers) - 1, self._viewer.layers.index(self._image) + 1
            )
            self._viewer.layers.selection.active = active

    def show_plane(self, plane: str) -> None:
        """Turn to "axial", "coronal", "sagittal" or "3-D"."""
        patient_view.show_plane(self._viewer, plane)

    def use_tool(self, tool: str) -> None:
        """Make the mouse do this."""
        plane = self.plane
        if tool == "look" or plane is None:
            if self._image is not None:
                self._viewer.layers.selection.active = self._image
        elif tool in MARKS:
            self._prompts.take(tool, plane.axis)
        else:
            self._masks.use(tool)
        self._on_tool()

    def show_prompts(self, prompts: Mapping[Plane, Prompts]) -> None:
        """Draw these prompts and no others."""
        self._prompts.show(prompts)

    def show_voxels(self, low: Index, high: Index) -> None:
        """Turn to the nearest slice through this box, unless one is on the screen."""
        turn_to_box(self._viewer, self._image if self.volume is not None else None, low, high)

    def go_to(self, voxel: Index) -> None:
        """Turn to the slices through a voxel, and bring it into sight."""
        if self._image is not None and self.volume is not None:
            turn_to_voxel(self._viewer, self._image, voxel)

    def show_done(self, *, done: bool) -> None:
        """Write on the canvas whether the slice on the screen is finished."""
        self._done.show(done=done)

    def show_preview(self, plane: Plane, mask: NDArray[np.bool_] | None) -> None:
        """Draw a first outline over one slice; None takes it away."""
        self._preview.show(plane, mask)

    def show_objects(
        self,
        plane: Plane,
        objects: NDArray[Any],
        clicked: Callable[[int], None],
        dropped: Callable[[], None],
    ) -> None:
        """Draw numbered objects over one slice; tell which is clicked, and when Esc is pressed."""
        self._objects.show(plane, objects, clicked, dropped)

    def hide_objects(self) -> None:
        """Take them away."""
        self._objects.hide()

    @property
    def document(self) -> Document | None:
        """What belongs to the mask in hand, or to the one that the first step will make."""
        return self._masks.document

    @property
    def mask(self) -> RecordedMask | None:
        """The mask in hand; None before the first step."""
        found = self._masks.find()
        return found.mask if found is not None else None

    def start_mask(self) -> RecordedMask | None:
        """Return the mask in hand, made now if there was none."""
        found = self._masks.start()
        return found.mask if found is not None else None

    def add_mask(self, mask: NDArray[Any], document: Document) -> None:
        """Lay a finished mask over the image in hand."""
        self._masks.add(mask, document)
        self._on_mask()

    def read_mask(self) -> NDArray[Any] | None:
        """Return a copy of the mask."""
        return self._masks.read()

    def other_masks(self) -> dict[str, NDArray[Any]]:
        """Other masks of the image, by name."""
        return self._masks.others()

    def pick_voxel(self, then: Callable[[Index], None]) -> None:
        """Let the next click on the mask choose a voxel."""
        self._masks.pick_voxel(then)

    def show_labels(self, labels: Sequence[LabelRow], current: int) -> None:
        """Colour the mask by these labels and draw with the current one."""
        self._masks.show_labels(labels, current)

    def keep_to(self, rules: Rules) -> None:
        """Hold the brush to these rules."""
        self._masks.keep_to(rules)

    @property
    def brush_mm(self) -> float:
        """Diameter of the brush on the slice on the screen."""
        return self._masks.brush_mm

    def set_brush(self, mm: float) -> None:
        """Paint with a brush of this diameter."""
        self._masks.set_brush(mm)

    def paint_in(self, dimensions: int) -> None:
        """Paint on the slice on the screen (2), or on its neighbours too (3)."""
        self._masks.paint_in(dimensions)

    def _take(self, image: Image | None) -> None:
        if image is self._image and image is not None:
            return
        self._watch(image)
        self._lay_over(image if self.volume is not None else None)
        self._tell_image()

    def _lay_over(self, image: Image | None) -> None:
        drawn = (self._prompts, self._preview, self._objects, self._masks)
        for over in (*drawn, self.windows, self.reel, self._kept_upon):
            over.lay_over(image)

    def _watch(self, image: Image | None) -> None:
        if self._image is not None:
            self._image.events.contrast_limits.disconnect(self._on_window)
        self._image = image
        if image is not None:
            image.events.contrast_limits.connect(self._on_window)

    def _tell_image(self) -> None:
        if self._listener is not None:
            self._watched.follow(self._masks.find(), self._listener)
            self._listener.image_changed()

    def _on_active(self, event: Any) -> None:
        self._masks.drop_picks()
        image = image_of(self._viewer, event.value)
        if image is not None:
            self._take(image)
        self.windows.follow(event.value)
        self._on_mask()
        self._on_tool()

    def _on_removed(self, event: Any) -> None:
        if event.value is self._image:
            self._take(last_image(self._viewer))
        self._on_mask()

    def _on_mask(self) -> None:
        """Tell of it when another mask is in hand."""
        listener = self._listener
        if listener is not None and self._watched.follow(self._masks.find(), listener):
            listener.mask_changed()

    def _on_window(self) -> None:
        if self._listener is not None:
            self._listener.window_changed()

    def _on_windowed(self) -> None:
        if self._listener is not None:
            self._listener.windowed_changed()

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
            self._on_refused(error)
        else:
            self._listener.prompts_changed(prompts)

    def _on_refused(self, error: MedSSLError) -> None:
        if self._listener is not None:
            self._listener.prompts_refused(error)
        self._on_tool()  # it may have been put down

    def _on_stroke(self, stroke: Stroke) -> None:
        if self._listener is not None:
            self._listener.stroke_drawn(stroke)
