"""The Three planes panel: axial, coronal and sagittal with one crosshair, below the canvas."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QBoxLayout, QVBoxLayout

from napari_medssl._napari.panels.dock_panel import DockPanel
from napari_medssl._napari.panels.docks import put_below
from napari_medssl._napari.panels.planes.view import PlaneView
from napari_medssl._napari.panels.section import words
from napari_medssl._napari.planes_scene import PlanesScene
from napari_medssl._napari.presenters.planes.panel import PlanesPresenter

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent
    from qtpy.QtWidgets import QWidget

    from napari_medssl._napari.presenters.planes.panel import PlaneDrawing

#: as 3D Slicer and others have them
_AXIAL, _CORONAL, _SAGITTAL = "#e05a5a", "#6cc26c", "#e8c547"
_HEIGHT = 290
_EVERY_MS = 20  # more than 30 times a second, with what drawing itself takes
_MOST_OF_TIME = 2.0  # the pause is at least so many times what the last drawing took


class PlanesPanel(DockPanel):
    """The dock "Three planes" of one viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    """

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self._views = {
            plane: PlaneView(*colours, f"Seen from {side}", lambda: self.presenter.tool)
            for plane, colours, side in (
                ("axial", (_AXIAL, _CORONAL, _SAGITTAL), "the feet"),
                ("coronal", (_CORONAL, _AXIAL, _SAGITTAL), "the front"),
                ("sagittal", (_SAGITTAL, _AXIAL, _CORONAL), "the patient's left"),
            )
        }
        self._words = words(style="color: #9aa4b2; font-size: 11px;")
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(3)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(4, 2, 4, 2)
        outside.setSpacing(2)
        outside.addLayout(self._row, 1)
        outside.addWidget(self._words)
        self._scene = PlanesScene(self.viewer)
        self.presenter = PlanesPresenter(self, self._scene)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_EVERY_MS)
        self._pause.timeout.connect(self._draw)
        for plane, view in self._views.items():
            self._row.addWidget(view, 1)
            view.marked.connect(lambda s, inside, p=plane: self.presenter.mark(p, s, inside))
            view.pointed.connect(lambda d, r, p=plane: self.presenter.go_to(p, d, r))
            view.turned.connect(lambda steps, p=plane: self.presenter.turn(p, steps))
            view.zoomed.connect(self.draw_soon)
        self._placed = False
        self._scene.listen(self.presenter)
        self.draw_soon()

    def show_planes(self, drawings: dict[str, PlaneDrawing]) -> None:
        """Show planes by name; none when empty."""
        for plane, view in self._views.items():
            view.show_drawing(drawings.get(plane))

    def show_words(self, text: str) -> None:
        """Show where the crosshair is, or why there is nothing to see."""
        self._words.setText(text)

    def pixels_of(self, plane: str) -> tuple[int, int]:
        """Height and width in pixels that all of a plane's picture has."""
        return self._views[plane].pixels()

    def draw_soon(self) -> None:
        """Draw once, after what has been asked for since the last time."""
        if not self._pause.isActive():
            self._pause.start()

    def on_shown(self) -> None:
        """Go below the canvas, where three planes fit; draw what has changed meanwhile."""
        if not self._placed:
            self._placed = True
            QTimer.singleShot(0, lambda: put_below(self, _HEIGHT))  # once napari has docked it
        self.draw_soon()

    def on_release(self) -> None:
        """Stop listening."""
        self._pause.stop()
        self._scene.close()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put planes beside each other in a wide dock, above each other in a tall one."""
        super().resizeEvent(event)
        ways = QBoxLayout.Direction
        way = ways.TopToBottom if self.height() > self.width() else ways.LeftToRight
        if way != self._row.direction():
            self._row.setDirection(way)
            QTimer.singleShot(0, self.updateGeometry)  # else the dock stays as high as it had to be
        self.draw_soon()

    def _draw(self) -> None:
        if not self.isVisible():  # drawn when it is shown again
            return
        started = perf_counter()
        self.presenter.draw()
        took = (perf_counter() - started) * 1000
        self._pause.setInterval(round(max(_EVERY_MS, _MOST_OF_TIME * took)))
