"""Real mouse events on napari's canvas."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QOpenGLWidget

_BETWEEN_MOVES_MS, _SETTLE_MS = 15, 20  # the canvas drops moves that follow too fast


def canvas_in(window):
    """The widget that napari draws on in this window."""
    return next(w for w in window.findChildren(QOpenGLWidget) if w.isVisible())


def drag(canvas, *places, button=Qt.MouseButton.LeftButton, held=Qt.KeyboardModifier.NoModifier):
    """Press, move through places (row, column; parts of the widget's size), and let go."""
    spots = [QPoint(int(c * canvas.width()), int(r * canvas.height())) for r, c in places]
    QTest.mouseMove(canvas, spots[0])
    QTest.mousePress(canvas, button, held, spots[0])
    for spot in spots[1:]:
        QTest.qWait(_BETWEEN_MOVES_MS)
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(spot),
            canvas.mapToGlobal(QPointF(spot)),
            Qt.MouseButton.NoButton,
            button,
            held,
        )
        QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, button, held, spots[-1])
    QTest.qWait(_SETTLE_MS)
