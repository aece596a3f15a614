"""The jobs as a list: two lines a job, with a dot in the colour of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.jobs.words import JobRow
    from napari_medssl.jobs import State

#: state -> colour; told apart by its word too
STATE_COLOURS: dict[State, str] = {
    "queued": "#9aa4b2",
    "running": "#5aa9ff",
    "done": "#5fcf80",
    "failed": "#ff6b5e",
    "cancelled": "#ffb547",
    "interrupted": "#ffb547",
}
_ID = Qt.ItemDataRole.UserRole
_SIDE, _SHARP = 16, 2
_HOLLOW: tuple[State, ...] = ("queued", "cancelled", "interrupted")
_MOST_ROWS = 4


class JobList(QListWidget):
    """Tells which job is chosen."""

    job_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self._icons = {state: _dot(state) for state in STATE_COLOURS}
        self.currentItemChanged.connect(self._on_chosen)

    def show_jobs(self, rows: Sequence[JobRow], chosen: str) -> None:
        """List jobs, the newest first, one of them chosen."""
        self.blockSignals(True)
        if [row.id for row in rows] != [self.item(n).data(_ID) for n in range(self.count())]:
            self.clear()
            for row in rows:
                item = QListWidgetItem()
                item.setData(_ID, row.id)
                self.addItem(item)
        for n, row in enumerate(rows):
            item = self.item(n)
            text = f"{row.title}\n{row.line}"
            if item.text() != text:
                item.setText(text)
                item.setIcon(self._icons[row.state])
                item.setToolTip(text)
            if row.id == chosen and self.currentRow() != n:
                self.setCurrentRow(n)
        self.blockSignals(False)
        self._fit()

    def _fit(self) -> None:
        """Be as high as a few rows; more are scrolled."""
        two_lines = 2 * self.fontMetrics().lineSpacing()
        high = max(self.sizeHintForRow(0) if self.count() else 0, two_lines)
        rows = min(self.count(), _MOST_ROWS)
        self.setFixedHeight(rows * high + 2 * self.frameWidth() + 4)
        self.setVisible(rows > 0)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.job_chosen.emit(item.data(_ID))


def _dot(state: State) -> QIcon:
    """A full dot for what runs or ended by itself, a ring for what waits to go on."""
    picture = QPixmap(_SIDE * _SHARP, _SIDE * _SHARP)
    picture.fill(Qt.GlobalColor.transparent)
    colour = QColor(STATE_COLOURS[state])
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(_SHARP, _SHARP)
        pen = painter.pen()
        pen.setColor(colour)
        pen.setWidthF(2)
        painter.setPen(pen)
        if state not in _HOLLOW:
            painter.setBrush(colour)
        painter.drawEllipse(QRectF(4, 4, 8, 8))
    return QIcon(picture)
