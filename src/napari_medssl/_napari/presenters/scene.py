"""What the presenters ask of the canvas: one image, its prompts, its preview and its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.io import LabelInfo
    from napari_medssl.segment import Plane, Prompts
    from napari_medssl.volume import Volume, Window

Tool = str  # one of "look", "point", "not-point", "box", "brush", "eraser", "fill"


class Scene(Protocol):
    """The image in hand and the layers over it; every (z, y, x) is an index into its array."""

    @property
    def volume(self) -> Volume | None:
        """The image in hand, if one of ours is selected."""

    @property
    def window(self) -> Window | None:
        """The grey values shown as black to white; None without an image."""

    @property
    def opened_with(self) -> Window | None:
        """The window that the image in hand was opened with."""

    @property
    def plane(self) -> Plane | None:
        """The slice on the screen; None in 3-D or without an image."""

    @property
    def foreign_path(self) -> str:
        """Path of the selected image when another reader opened it; else empty."""

    def add_image(self, volume: Volume) -> None:
        """Show a new image and take it in hand."""

    def replace_image(self, volume: Volume) -> None:
        """Show another volume of the same file in place of the image in hand."""

    def set_window(self, window: Window) -> None:
        """Show these grey values as black to white."""

    def show_plane(self, plane: str) -> None:
        """Turn to "axial", "coronal", "sagittal" or "3-D"."""

    def use_tool(self, tool: Tool) -> None:
        """Make the mouse do this on the image in hand."""

    def show_prompts(self, prompts: Mapping[Plane, Prompts]) -> None:
        """Draw these prompts and no others, without telling the presenter."""

    def show_preview(self, plane: Plane, mask: NDArray[np.bool_] | None) -> None:
        """Draw a first outline over one slice; None takes it away."""

    def write_label(
        self, masks: Mapping[Plane, NDArray[np.bool_]], value: int, *, overwrite: bool
    ) -> tuple[int, int]:
        """Put outlines into the mask as one step to undo; return voxels (changed, protected)."""

    def note_outline(self, outline: Mapping[str, Any]) -> None:
        """Note with the mask where an outline came from."""

    def outline_notes(self) -> list[dict[str, Any]]:
        """Return what was noted with the mask."""

    def undo_mask(self) -> bool:
        """Take back the last step on the mask; False when there is none."""

    def mask(self) -> NDArray[Any] | None:
        """Return a copy of the mask, or None if nothing was drawn; raises if it was moved."""

    def set_mask(self, mask: NDArray[Any]) -> None:
        """Lay a finished mask over the image in hand, as a new layer."""

    def show_labels(self, labels: Sequence[LabelInfo], current: int, *, overwrite: bool) -> None:
        """Colour the mask by these labels, draw with one, and protect the others or not."""
