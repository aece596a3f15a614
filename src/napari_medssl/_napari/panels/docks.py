"""Where a panel sits in napari's window."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QOpenGLWidget, QWidget

if TYPE_CHECKING:
    from napari_medssl._napari.panels.dock_panel import DockPanel

_Panel = TypeVar("_Panel", bound=QWidget)


def outermost(panel: QWidget) -> QWidget:
    """Return the window that a panel belongs to, even where its dock floats."""
    widget: QWidget = panel
    while widget.parentWidget() is not None:
        widget = widget.parentWidget()
    return widget


def panels_beside(panel: QWidget, kind: type[_Panel]) -> list[_Panel]:
    """Return the panels of another kind in the same window."""
    found: list[_Panel] = outermost(panel).findChildren(kind)
    return found


def share_tab(panel: QWidget, kind: type[QWidget]) -> None:
    """Put a panel's dock behind that of a panel of another kind, as a tab; leave a floating one.

    napari takes no wish of a plugin for this, and two panels above each other are both too short.
    """
    window, mine = outermost(panel), _dock_of(panel)
    others = [_dock_of(other) for other in window.findChildren(kind) if other is not panel]
    beside = next((dock for dock in others if dock is not None and not dock.isFloating()), None)
    if not isinstance(window, QMainWindow) or mine is None or beside is None:
        return
    if not mine.isFloating() and mine not in window.tabifiedDockWidgets(beside):
        window.tabifyDockWidget(beside, mine)
        mine.raise_()


def put_below(panel: QWidget, height: int) -> None:
    """Move a panel's dock below the canvas, as high as asked; leave a floating one.

    napari puts every plugin's dock on the right, whatever its manifest wishes.
    """
    window, dock = outermost(panel), _dock_of(panel)
    if isinstance(window, QMainWindow) and dock is not None and not dock.isFloating():
        # the docks on the right keep their whole height
        right = Qt.DockWidgetArea.RightDockWidgetArea
        window.setCorner(Qt.Corner.BottomRightCorner, right)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
        window.resizeDocks([dock], [height], Qt.Orientation.Vertical)


def to_front(panel: QWidget) -> None:
    """Show a panel's dock before those it shares its tab with."""
    dock = _dock_of(panel)
    if dock is not None:
        dock.show()
        dock.raise_()


def open_panel(beside: DockPanel, kind: type[_Panel], name: str) -> _Panel | None:
    """Bring a panel of another kind to the front, docked as a tab if it was not there.

    Parameters
    ----------
    beside : DockPanel
        Whose tab it shares.
    kind : type
        Of the panel.
    name : str
        What the manifest calls it.
    """
    if not panels_beside(beside, kind):
        beside.viewer.window.add_plugin_dock_widget("napari-medssl", name)
    found = next(iter(panels_beside(beside, kind)), None)
    if found is not None:
        share_tab(found, type(beside))
        to_front(found)
    return found


def go_to_canvas(panel: QWidget, kind: type[QWidget]) -> None:
    """Bring a panel of another kind to the front, and let keys go to the canvas from now on."""
    window = outermost(panel)
    for dock in map(_dock_of, window.findChildren(kind)):
        if dock is not None:
            dock.raise_()
    canvas = window.findChild(QOpenGLWidget)
    if canvas is not None:
        canvas.setFocus()


def _dock_of(panel: QWidget) -> QDockWidget | None:
    widget: QWidget | None = panel
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget
