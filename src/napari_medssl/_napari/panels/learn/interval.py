"""A difference with its uncertainty as a picture: a dot with whiskers about 0."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

_HIGH, _SIDE = 62, 10
_LEAST = 0.05  # so that a tiny difference does not look like a large one
_ZERO, _TEXT, _GROUND = "#9aa4b2", "#c9d1dc", "#1f242c"
_COLOURS, _UNSURE = {"better": "#3ddc97", "not better": "#ff8c42"}, "#e8ecf1"


class Interval(QWidget):
    """Dice gained: left of the middle the new model is worse, right of it better."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_HIGH)
        self._mean, self._colour = 0.0, _UNSURE
        self._whiskers: tuple[float, float] | None = None

    def show_difference(
        self, mean: float, low: float | None, high: float | None, kind: str
    ) -> None:
        """Show another one, in the colour of its verdict; without an interval the dot is alone."""
        self._mean, self._colour = mean, _COLOURS.get(kind, _UNSURE)
        self._whiskers = (low, high) if low is not None and high is not None else None
        told = f"Mean Dice {mean:+.3f}"
        if self._whiskers is not None:
            told += f", with 90 % certainty from {low:+.3f} to {high:+.3f}"
        self.setToolTip(f"{told}. Left of the line the new model is worse, right of it better.")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(_GROUND))
            middle, line = self.width() / 2, 36.0
            painter.setPen(QPen(QColor(_ZERO), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(middle, 18), QPointF(middle, _HIGH - 8))
            self._write(painter, 4, "worse", Qt.AlignmentFlag.AlignLeft, _ZERO)
            self._write(painter, 4, "no change", Qt.AlignmentFlag.AlignHCenter, _ZERO)
            self._write(painter, 4, "better", Qt.AlignmentFlag.AlignRight, _ZERO)
            colour = QColor(self._colour)
            painter.setPen(QPen(colour, 2))
            if self._whiskers is not None:
                low, high = map(self._x, self._whiskers)
                painter.drawLine(QPointF(low, line), QPointF(high, line))
                for end in (low, high):
                    painter.drawLine(QPointF(end, line - 5), QPointF(end, line + 5))
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(self._x(self._mean), line), 4.5, 4.5)
            self._write_below(painter, self._x(self._mean), f"{self._mean:+.3f}")

    def _x(self, value: float) -> float:
        """Return where a value is drawn: 0 in the middle."""
        furthest = max(_LEAST, abs(self._mean), *map(abs, self._whiskers or (0.0,)))
        half = float(self.width()) / 2
        return half + value / (1.08 * furthest) * (half - _SIDE)

    def _write(
        self, painter: QPainter, top: float, text: str, where: Qt.AlignmentFlag, colour: str
    ) -> None:
        painter.setPen(QColor(colour))
        room = QRectF(_SIDE, top, self.width() - 2 * _SIDE, 14)
        painter.drawText(room, where | Qt.AlignmentFlag.AlignVCenter, text)

    def _write_below(self, painter: QPainter, x: float, text: str) -> None:
        painter.setPen(QColor(_TEXT))
        wide = 64.0
        left = min(max(x - wide / 2, 0), self.width() - wide)
        painter.drawText(QRectF(left, 44, wide, 16), Qt.AlignmentFlag.AlignCenter, text)
