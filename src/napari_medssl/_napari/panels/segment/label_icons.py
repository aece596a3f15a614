"""Eye, lock and colour of a line of the label table, drawn in the colour of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.io.label_table import Colour

_SIDE, _SHARP = 16, 2  # drawn twice as large, for fine screens
_FAINT = 90


def swatch(colour: Colour) -> QIcon:
    """A square of a label's colour."""

    def draw(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*colour))
        painter.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)

    return _icon(draw)


def eye(text: QColor, *, open_: bool) -> QIcon:
    """An eye; closed, it is faint and struck through."""

    def draw(painter: QPainter) -> None:
        _pen(painter, text, strong=open_)
        lids = QPainterPath(QPointF(1.5, 8))
        lids.quadTo(QPointF(8, 0.5), QPointF(14.5, 8))
        lids.quadTo(QPointF(8, 15.5), QPointF(1.5, 8))
        painter.drawPath(lids)
        if open_:
            painter.setBrush(text)
            painter.drawEllipse(QPointF(8, 8), 2, 2)
        else:
            painter.drawLine(QPointF(3, 13), QPointF(13, 3))

    return _icon(draw)


def lock(text: QColor, *, closed: bool) -> QIcon:
    """A padlock; open, it is faint."""

    def draw(painter: QPainter) -> None:
        _pen(painter, text, strong=closed)
        shackle = QRectF(5 if closed else 8.5, 2, 6, 9)
        painter.drawArc(shackle, 0, 180 * 16)
        painter.drawLine(QPointF(shackle.left(), 6.5), QPointF(shackle.left(), 8))
        if closed:
            painter.drawLine(QPointF(shackle.right(), 6.5), QPointF(shackle.right(), 8))
            painter.setBrush(text)
        painter.drawRoundedRect(QRectF(3, 8, 10, 6.5), 1, 1)

    return _icon(draw)


def _pen(painter: QPainter, text: QColor, *, strong: bool) -> None:
    colour = QColor(text)
    colour.setAlpha(255 if strong else _FAINT)
    painter.setPen(QPen(colour, 1.4))


def _icon(draw: Callable[[QPainter], None]) -> QIcon:
    pixels = QPixmap(_SIDE * _SHARP, _SIDE * _SHARP)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SHARP, _SHARP)
    draw(painter)
    painter.end()
    return QIcon(pixels)
