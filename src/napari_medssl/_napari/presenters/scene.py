"""What the presenters ask of the canvas: one image, its prompts, its preview and its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.mask.document import Document, LabelRow
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.prompts.marks import Stroke
    from napari_medssl._napari.presenters.viewing.cine import Reel
    from napari_medssl._napari.presenters.viewing.window import Windows
    from napari_medssl.correct.rules import Rules
    from napari_medssl.errors import MedSSLError
    from napari_medssl.segment import Plane, Prompts
    from napari_medssl.volume import Volume, Window

#: one of "look", "point", "not-point", "box", "scribble", "lasso", "brush", "eraser", "fill"
Tool = str
Index = tuple[int, int, int]
Place = tuple[float, float, float]  # an index with fractions between voxels


class MaskScene(Protocol):
    """The mask in hand, as whoever changes it wants it."""

    @property
    def document(self) -> Document | None:
        """What belongs to the mask in hand, or to the one that the first step will make."""

    @property
    def mask(self) -> RecordedMask | None:
        """The mask in hand; None before the first step."""

    def start_mask(self) -> RecordedMask | None:
        """Return the mask in hand, made now if there was none; None without an image."""

    def show_voxels(self, low: Index, high: Index) -> None:
        """Turn to a slice through this box, unless one is on the screen."""


class Scene(MaskScene, Protocol):
    """The image in hand and the layers over it; every (z, y, x) is an index into its array."""

    @property
    def volume(self) -> Volume | None:
        """The image in hand, if one of ours is selected."""

    @property
    def window(self) -> Window | None:
        """The grey values shown as black to white; None without an image."""

    @property
    def windows(self) -> Windows:
        """The windows of the image in hand and of what is laid over it."""

    @property
    def plane(self) -> Plane | None:
        """The slice on the screen; None in 3-D or without an image."""

    @property
    def foreign_path(self) -> str:
        """Path of the selected image when another reader opened it; else empty."""

    def add_mask(self, mask: NDArray[Any], document: Document) -> None:
        """Lay a finished mask over the image in hand, as a new layer."""

    def read_mask(self) -> NDArray[Any] | None:
        """Return a copy of the mask, or None if there is none; raises if it was moved."""

    def other_masks(self) -> Mapping[str, NDArray[Any]]:
        """Other masks of the image in hand, by name."""

    def pick_voxel(self, then: Callable[[Index], None]) -> None:
        """Let the next click on the mask choose a voxel (z, y, x)."""

    def go_to(self, voxel: Index) -> None:
        """Turn to the slices through a voxel, and bring it into sight."""

    def add_image(self, volume: Volume) -> None:
        """Show a new image and take it in hand."""

    def replace_image(self, volume: Volume) -> None:
        """Show another volume of the same file in place of the image in hand."""

    @property
    def reel(self) -> Reel:
        """The image in hand as a film."""

    def lay_scan_over(self, volume: Volume) -> None:
        """Show a second scan of the patient over the image in hand, which stays in hand."""

    def show_plane(self, plane: str) -> None:
        """Turn to "axial", "coronal", "sagittal" or "3-D"."""

    def show_done(self, *, done: bool) -> None:
        """Mark the slice on the screen as finished, or not."""

    def use_tool(self, tool: Tool) -> None:
        """Make the mouse do this on the image in hand."""

    def show_prompts(self, prompts: Mapping[Plane, Prompts]) -> None:
        """Draw these prompts and no others, without telling the presenter."""

    def show_preview(self, plane: Plane, mask: NDArray[np.bool_] | None) -> None:
        """Draw a first outline over one slice; None takes it away."""

    def show_objects(
        self,
        plane: Plane,
        objects: NDArray[Any],
        clicked: Callable[[int], None],
        dropped: Callable[[], None],
    ) -> None:
        """Draw numbered objects over one slice; tell which is clicked, and when Esc is pressed."""

    def hide_objects(self) -> None:
        """Take them away."""

    def show_labels(self, labels: Sequence[LabelRow], current: int) -> None:
        """Colour the mask by these labels, and draw with one."""

    def keep_to(self, rules: Rules) -> None:
        """Hold the brush to these rules; locked labels are the document's."""

    @property
    def brush_mm(self) -> float:
        """Diameter of the brush on the slice on the screen."""

    def set_brush(self, mm: float) -> None:
        """Paint with a brush of this diameter."""

    def paint_in(self, dimensions: int) -> None:
        """Paint on the slice on the screen (2), or on its neighbours too (3)."""


class SceneListener(Protocol):
    """Who wants to know what the user does on the canvas."""

    def image_changed(self) -> None:
        """Another image is in hand, or none."""

    def mask_changed(self) -> None:
        """Another mask is in hand, or none."""

    def window_changed(self) -> None:
        """The image shows other grey values."""

    def windowed_changed(self) -> None:
        """A scan laid over the image in hand is selected, or shows other grey values."""

    def slice_changed(self) -> None:
        """Another slice is on the screen."""

    def tool_changed(self, tool: Tool) -> None:
        """The mouse does something else now."""

    def label_picked(self, value: int) -> None:
        """The tools of napari itself draw with another label now."""

    def brush_changed(self) -> None:
        """The brush has another size."""

    def undo_asked(self) -> None:
        """The key to undo was pressed on the mask."""

    def redo_asked(self) -> None:
        """The key to redo was pressed on the mask."""

    def voxels_left(self, count: int) -> None:
        """So many voxels of a stroke were put back, as the rules want it."""

    def range_picked(self, low: float, high: float) -> None:
        """The user has shown an intensity range with the brush."""

    def prompts_changed(self, prompts: Mapping[Plane, Prompts]) -> None:
        """A prompt was added, moved or deleted."""

    def prompts_refused(self, error: MedSSLError) -> None:
        """The prompts contradict each other."""

    def stroke_drawn(self, stroke: Stroke) -> None:
        """A prompt tool has drawn on a slice."""
