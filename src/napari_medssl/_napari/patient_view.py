"""The canvas as a radiologist expects it: upright, not mirrored, with letters at the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.components.overlays import TextOverlay

from napari_medssl._napari.layers import volume_of
from napari_medssl._napari.orientation import (
    AS_STORED,
    PLANES,
    camera_orientation,
    letters_in_plane,
    letters_in_space,
    upright_order,
)
from napari_medssl.volume import window_presets
from napari_medssl.volume.sides import EdgeLetters

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_medssl.volume import Volume
    from napari_medssl.volume.window import WindowPreset

#: our overlays in ``viewer.canvas.overlays``, and where each stands
_EDGES = {
    "left": "middle_left",
    "right": "middle_right",
    "top": "top_center",
    "bottom": "bottom_center",
}
_COLOUR = "#ffd75e"


def attach_patient_view(viewer: Any) -> None:
    """Make a viewer show patients upright and name the canvas' edges; harmless when repeated.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
        The viewer itself, not the proxy that napari hands to some widgets.
    """
    if _overlay_key("left") in viewer.canvas.overlays:
        return
    for edge, position in _EDGES.items():
        viewer.canvas.overlays[_overlay_key(edge)] = TextOverlay(
            position=position, font_size=16, box=False, color=_COLOUR
        )
    view = PatientView(viewer)
    # napari holds bound methods weakly but functions strongly: these keep the view alive for as
    # long as its viewer
    viewer.dims.events.order.connect(lambda _: view.turn(), position="last")
    viewer.dims.events.ndisplay.connect(lambda _: view.refresh(), position="last")
    viewer.scene.camera.events.angles.connect(lambda _: view.refresh(), position="last")
    viewer.scene.camera.events.orientation.connect(lambda _: view.refresh(), position="last")
    viewer.layers.events.inserted.connect(lambda event: view.meet(event.value), position="last")
    viewer.layers.events.removed.connect(lambda _: view.refresh(), position="last")
    viewer.layers.selection.events.active.connect(lambda _: view.refresh(), position="last")
    for layer in viewer.layers:
        view.meet(layer)


def show_plane(viewer: Any, plane: str) -> None:
    """Show "axial", "coronal" or "sagittal" slices, or "3-D" as seen from the front."""
    if plane != "3-D":
        viewer.dims.ndisplay = 2
        viewer.dims.order = _order_for(viewer, PLANES[plane])
        viewer.reset_view()
    else:
        viewer.dims.order = _order_for(viewer, PLANES["axial"])
        viewer.dims.ndisplay = 3
        viewer.reset_view()
        viewer.scene.camera.set_view_direction((0, 1, 0), (1, 0, 0))


def _order_for(viewer: Any, order: tuple[int, int, int]) -> tuple[int, ...]:
    lead = viewer.dims.ndim - 3
    return (*range(lead), *(lead + a for a in order))


def _overlay_key(edge: str) -> str:
    return f"medssl_{edge}"


class PatientView:
    """Keeps one viewer upright and its letters true."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._order = self._last_three()

    def meet(self, layer: Layer) -> None:
        """Set the view up for the first image of a patient; later ones keep the user's view."""
        volume = volume_of(layer)
        if volume is not None and layer is self._shown_first():
            self._viewer.canvas.overlays.scale_bar.visible = True
            self._open_in_acquisition_plane(volume)
        if volume is not None and not volume.is_rgb and hasattr(layer, "contrast_limits_range"):
            window = _range_preset(volume).window(volume.array)
            low, high = layer.contrast_limits
            layer.contrast_limits_range = (min(low, window.low), max(high, window.high))
        self.refresh()

    def turn(self) -> None:
        """React to new axes: keep the head up, and the camera from mirroring."""
        order = upright_order(self._order, self._last_three())
        self._order = order
        wanted = _order_for(self._viewer, order)
        if tuple(self._viewer.dims.order) != wanted:
            self._viewer.dims.order = wanted
        volume = self._volume()
        if volume is not None and volume.orientation_known:
            self._viewer.scene.camera.orientation = camera_orientation(order)
        self.refresh()

    def refresh(self) -> None:
        """Write the letters for what is shown now; none where the orientation is not known."""
        letters = self._letters()
        for edge in _EDGES:
            overlay = self._viewer.canvas.overlays[_overlay_key(edge)]
            text = getattr(letters, edge)
            if text:
                overlay.text = text
            overlay.visible = bool(text)

    def _letters(self) -> EdgeLetters:
        volume, camera = self._volume(), self._viewer.scene.camera
        if volume is None or not volume.orientation_known or self._viewer.dims.ndim < 3:
            return EdgeLetters()
        order = self._last_three()
        depth, vertical, horizontal = (str(side) for side in camera.orientation)
        orientation = (depth, vertical, horizontal)
        if self._viewer.dims.ndisplay == 2:
            return letters_in_plane(volume.geometry, order, orientation)
        view, up = camera.view_direction, camera.up_direction
        return letters_in_space(volume.geometry, order, orientation, view, up)

    def _open_in_acquisition_plane(self, volume: Volume) -> None:
        viewer = self._viewer
        if not volume.orientation_known:
            viewer.scene.camera.orientation = AS_STORED
            return
        order = next(o for o in PLANES.values() if o[0] == volume.slice_axis)
        self._order = order
        viewer.scene.camera.orientation = camera_orientation(order)
        viewer.dims.order = _order_for(viewer, order)
        viewer.reset_view()

    def _volume(self) -> Volume | None:
        active = volume_of(self._viewer.layers.selection.active)
        return active or volume_of(self._shown_first())

    def _shown_first(self) -> Layer | None:
        return next((la for la in self._viewer.layers if volume_of(la) is not None), None)

    def _last_three(self) -> tuple[int, int, int]:
        lead = self._viewer.dims.ndim - 3
        a, b, c = (o - lead for o in self._viewer.dims.order[-3:]) if lead >= 0 else (0, 1, 2)
        return a, b, c


def _range_preset(volume: Volume) -> WindowPreset:
    """The range of the contrast slider: all that a scanner or this image can hold."""
    return window_presets()["ct-full" if volume.modality == "CT" else "full"]
