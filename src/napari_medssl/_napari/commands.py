"""What the command palette and napari's menus call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_medssl._napari.panels.project.panel import ProjectPanel
    from napari_medssl._napari.panels.segment.panel import SegmentPanel


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


def new_project() -> None:
    """Ask for a folder and make a project there, with the Project panel beside it."""
    panel = _project_panel()
    if panel is not None:
        panel.ask_new()


def open_project() -> None:
    """Ask for the folder of a project and open it as it was left."""
    panel = _project_panel()
    if panel is not None:
        panel.ask_open()


def export() -> None:
    """Ask what of the open project to export, and as what."""
    panel = _project_panel()
    if panel is not None:
        panel.open_export()


def _segment_panel() -> SegmentPanel | None:
    panel: SegmentPanel | None = _panel("Segment")
    return panel


def _project_panel() -> ProjectPanel | None:
    panel: ProjectPanel | None = _panel("Project")
    return panel


def _panel(name: str) -> Any:
    """Return a panel of the viewer in front, docked if it was not."""
    from napari import current_viewer

    viewer = current_viewer()
    if viewer is None:
        return None
    return viewer.window.add_plugin_dock_widget("napari-medssl", name)[1]
