"""Marks on the picture of a plane, and the line under the mouse while one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_medssl._napari.presenters.planes.marks import PlaneMark, Spot
    from napari_medssl._napari.presenters.scene import Tool

_INSIDE, _OUTSIDE, _BOX = "lime", "red", "#ffd75e"
_ARM = 5.0  # pixels, of a point's cross


def draw_marks(painter: QPainter, where: QRectF, marks: Iterable[PlaneMark]) -> None:
    """Draw points as crosses, upright inside and slanting outside, and boxes as their frames."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for mark in marks:
        places = [_place(where, spot) for spot in mark.spots]
        if len(places) > 1:
            painter.setPen(QPen(QColor(_BOX), 1.5))
            painter.drawRect(QRectF(places[0], places[-1]).normalized())
            continue
        painter.setPen(QPen(QColor(_INSIDE if mark.positive else _OUTSIDE), 2))
        arms = ((_ARM, 0.0), (0.0, _ARM)) if mark.positive else ((_ARM, _ARM), (_ARM, -_ARM))
        for across, down in arms:
            arm = QPointF(across, down)
            painter.drawLine(places[0] - arm, places[0] + arm)


def draw_stroke(
    painter: QPainter, where: QRectF, spots: Sequence[Spot], tool: Tool, *, inside: bool
) -> None:
    """Draw what a tool is drawing."""
    places = [_place(where, spot) for spot in spots]
    if len(places) < 2:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(_BOX), 2))
    if tool == "box":
        painter.drawRect(QRectF(places[0], places[-1]).normalized())
    elif tool == "lasso":
        painter.drawPolygon(QPolygonF(places))
    elif tool == "scribble":
        painter.setPen(QPen(QColor(_INSIDE if inside else _OUTSIDE), 2))
        painter.drawPolyline(QPolygonF(places))


def _place(where: QRectF, spot: Spot) -> QPointF:
    down, right = spot
    return QPointF(where.left() + right * where.width(), where.top() + down * where.height())
