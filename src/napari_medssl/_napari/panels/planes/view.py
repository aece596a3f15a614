"""One plane: its picture as large as fits, the crosshair, marks, letters at the edges.

Drawn by Qt on the processor: a slice of 512 x 512 voxels takes a few milliseconds, where each
further OpenGL canvas costs about 30 ms a frame without a graphics card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QImage, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_medssl._napari.panels.planes.pen import draw_marks, draw_stroke
from napari_medssl._napari.presenters.planes.zoom import Room, Zoom

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QMouseEvent, QPaintEvent, QWheelEvent

    from napari_medssl._napari.presenters.planes.marks import Spot
    from napari_medssl._napari.presenters.planes.panel import PlaneDrawing
    from napari_medssl._napari.presenters.scene import Tool

_GROUND, _LETTER, _TEXT = "#000000", "#ffd75e", "#c9d1dc"
_GAP = 9.0  # pixels about the crosshair's middle that stay free
_NOTCH = 120  # what Qt calls one step of a wheel
_MARGIN = 3


class PlaneView(QWidget):
    """Shows a plane and tells where the user points, or what a prompt tool draws.

    Parameters
    ----------
    colour : str
        Of the plane's frame and title, and of its line in the other planes.
    across, along : str
        Colours of the lines across and down: those of the planes they stand for.
    tip : str
        From where the patient is seen.
    tool : callable
        Returns the prompt tool that the mouse holds; "look" when none.
    """

    pointed = Signal(float, float)
    marked = Signal(object, bool)  # spots, inside
    turned = Signal(int)
    zoomed = Signal()

    def __init__(
        self, colour: str, across: str, along: str, tip: str, tool: Callable[[], Tool]
    ) -> None:
        super().__init__()
        self._tool = tool
        self._stroke: list[Spot] = []
        self._inside = True
        self._colour, self._across, self._along = (QColor(c) for c in (colour, across, along))
        self._drawing: PlaneDrawing | None = None
        self._image = QImage()
        self._wheel = 0
        self._zoom = Zoom()
        self._held: QPointF | None = None  # where the middle button drags the picture from
        self.setToolTip(
            f"{tip}. Click or drag to move the crosshair; the wheel turns slices. Ctrl+wheel "
            "zooms, the middle button moves the picture, and a double click with it shows all "
            "again. With a prompt tool in hand you mark here too, and the right button moves the "
            "crosshair."
        )
        self.setMinimumSize(70, 70)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Three of them are no wider than the docks on the right, where napari first puts them."""
        return QSize(100, 100)

    def show_drawing(self, drawing: PlaneDrawing | None) -> None:
        """Show a plane, or nothing; a crosshair that went out of sight is followed."""
        before, self._drawing = self._drawing, drawing
        if before is None or drawing is None or drawing.picture is not before.picture:
            self._image = _image_of(drawing)
        if drawing is None or (before is not None and before.size_mm != drawing.size_mm):
            self._zoom = Zoom()
        elif before is not None and before.cross != drawing.cross:
            self._zoom = self._zoom.showing(drawing.cross, self._room())
        self.update()

    def pixels(self) -> tuple[int, int]:
        """Height and width of the whole picture's room, on the screen and beyond its edges."""
        scale = self.devicePixelRatioF() * self._zoom.factor
        return round(self.height() * scale), round(self.width() * scale)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the picture and what belongs to it."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(_GROUND))
            if self._drawing is None:
                return
            where = self._where()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(where, self._image)
            self._draw_cross(painter, where)
            draw_marks(painter, where, self._drawing.marks)
            draw_stroke(painter, where, self._stroke, self._tool(), inside=self._inside)
            self._draw_words(painter)
            painter.setPen(QPen(self._colour, 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Move the crosshair or the picture, or begin to mark."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._held = event.position()
            return
        left = event.button() == Qt.MouseButton.LeftButton
        if left and self._drawing is not None and self._tool() != "look":
            self._inside = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._stroke = [self._spot(event)]
            self.update()
        else:
            self._point(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Move the crosshair or the picture, or go on marking, while the button is down."""
        if self._held is not None:
            by, self._held = event.position() - self._held, event.position()
            self._look(self._zoom.dragged(by.y(), by.x(), self._room()))
        elif self._stroke:
            self._stroke.append(self._spot(event))
            self.update()
        else:
            self._point(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Tell what was drawn."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._held = None
        elif self._stroke and event.button() == Qt.MouseButton.LeftButton:
            stroke, self._stroke = [*self._stroke, self._spot(event)], []
            self.update()
            self.marked.emit(stroke, self._inside)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show all of the picture again; with another button it is one more click."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._look(Zoom())
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Turn a slice a notch, finer wheels are added up; with Ctrl zoom at the mouse."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self._drawing is not None:
                notches = event.angleDelta().y() / _NOTCH
                self._look(self._zoom.turned(notches, self._spot(event)))
            event.accept()
            return
        self._wheel += event.angleDelta().y()
        notches = int(self._wheel / _NOTCH)
        if notches:
            self._wheel -= notches * _NOTCH
            self.turned.emit(notches)
        event.accept()

    def _point(self, event: QMouseEvent) -> None:
        either = Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton
        if self._drawing is not None and event.buttons() & either:
            down, right = self._spot(event)
            self.pointed.emit(_part(down), _part(right))

    def _look(self, zoom: Zoom) -> None:
        """Look at another part of the picture."""
        self._zoom = zoom
        self.update()
        self.zoomed.emit()

    def _spot(self, event: QMouseEvent | QWheelEvent) -> Spot:
        """Where the mouse is, in parts of the picture; outside of it below 0 or above 1."""
        where, at = self._where(), event.position()
        return (at.y() - where.top()) / where.height(), (at.x() - where.left()) / where.width()

    def _room(self) -> Room:
        size_mm = self._drawing.size_mm if self._drawing is not None else (1.0, 1.0)
        return Room((self.height(), self.width()), size_mm)

    def _where(self) -> QRectF:
        """Where the picture is: in its shape in mm, as large as fits unless it is zoomed."""
        room = self._room()
        (top, left), (high, wide) = self._zoom.corner(room), room.sides(self._zoom.factor)
        return QRectF(left, top, wide, high)

    def _draw_cross(self, painter: QPainter, where: QRectF) -> None:
        down, right = self._drawing.cross if self._drawing is not None else (0.0, 0.0)
        x, y = where.left() + right * where.width(), where.top() + down * where.height()
        painter.setPen(QPen(self._across, 1))
        painter.drawLine(QPointF(0, y), QPointF(x - _GAP, y))
        painter.drawLine(QPointF(x + _GAP, y), QPointF(self.width(), y))
        painter.setPen(QPen(self._along, 1))
        painter.drawLine(QPointF(x, 0), QPointF(x, y - _GAP))
        painter.drawLine(QPointF(x, y + _GAP), QPointF(x, self.height()))

    def _draw_words(self, painter: QPainter) -> None:
        if self._drawing is None:
            return
        letters, at = self._drawing.letters, Qt.AlignmentFlag
        room = QRectF(self.rect()).adjusted(_MARGIN + 2, _MARGIN, -_MARGIN - 2, -_MARGIN)
        painter.setFont(_font(painter, 13, bold=True))
        for text, side in (
            (letters.left, at.AlignLeft | at.AlignVCenter),
            (letters.right, at.AlignRight | at.AlignVCenter),
            (letters.top, at.AlignTop | at.AlignHCenter),
            (letters.bottom, at.AlignBottom | at.AlignHCenter),
        ):
            _write(painter, room, side, text, QColor(_LETTER))
        painter.setFont(_font(painter, 11))
        _write(painter, room, at.AlignLeft | at.AlignBottom, self._drawing.title, self._colour)


def _write(
    painter: QPainter, room: QRectF, side: Qt.AlignmentFlag, text: str, colour: QColor
) -> None:
    """Write on black edges, so that it is read on white bone too."""
    painter.setPen(QColor(_GROUND))
    for right, down in ((1, 1), (-1, -1), (1, -1), (-1, 1)):
        painter.drawText(room.translated(right, down), side, text)
    painter.setPen(colour)
    painter.drawText(room, side, text)


def _font(painter: QPainter, pixels: int, *, bold: bool = False) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def _image_of(drawing: PlaneDrawing | None) -> QImage:
    if drawing is None:
        return QImage()
    picture = np.ascontiguousarray(drawing.picture)
    rows, columns, _ = picture.shape
    kind = QImage.Format.Format_RGB888
    return QImage(picture.data, columns, rows, 3 * columns, kind).copy()


def _part(value: float) -> float:
    return float(min(max(value, 0.0), 1.0))
