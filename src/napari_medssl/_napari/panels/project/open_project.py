"""The project that is open in the Project panel of the same window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl._napari.panels.docks import panels_beside
from napari_medssl._napari.panels.project.panel import ProjectPanel

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_medssl._napari.presenters.automatic.canvas import OpenProject


def open_project_beside(panel: QWidget) -> OpenProject | None:
    """Return the project that is open in the window of a panel; None where there is none."""
    found = (p.presenter.open_project() for p in panels_beside(panel, ProjectPanel))
    return next((there for there in found if there is not None), None)
