"""What the command palette and napari's menus call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_medssl._napari.panels.segment import SegmentPanel


def open_file() -> None:
    """Ask for an image file and open it, with the Segment panel beside it."""
    panel = _segment_panel()
    if panel is not None:
        panel.ask_file()


def open_folder() -> None:
    """Ask for a DICOM folder and open it, with the Segment panel beside it."""
    panel = _segment_panel()
    if panel is not None:
        panel.ask_folder()


def save_mask() -> None:
    """Ask where to save the mask of the image in hand, and save it."""
    panel = _segment_panel()
    if panel is not None:
        panel.presenter.mask.save()


def new_mask() -> None:
    """Begin another, empty mask on the image in hand."""
    panel = _segment_panel()
    if panel is not None:
        panel.presenter.mask.begin()


def _segment_panel() -> SegmentPanel | None:
    """Return the panel of the viewer in front, docked if it was not."""
    from napari import current_viewer

    viewer = current_viewer()
    if viewer is None:
        return None
    panel: SegmentPanel = viewer.window.add_plugin_dock_widget("napari-medssl", "Segment")[1]
    return panel
