"""A bar, what it says, and a stop: there while something runs."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_medssl._napari.panels.section import button, side_by_side, words


class ProgressRow(QWidget):
    """Hidden until there is something to show.

    Parameters
    ----------
    tip : str
        What the stop does.
    """

    stop_asked = Signal()

    def __init__(self, tip: str) -> None:
        super().__init__()
        self._bar, self._words = QProgressBar(), words()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self._stop = button("Stop", tip)
        self._stop.clicked.connect(self.stop_asked)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addWidget(self._bar)
        row = side_by_side(self._words, self._stop)
        row.setStretch(0, 2)
        inside.addLayout(row)
        self.setVisible(False)

    def show_far(self, text: str, done: int, total: int, *, may_stop: bool = True) -> None:
        """Show how far it is; nothing done, or a total of 0, is not known yet."""
        self._bar.setRange(0, total if done else 0)
        self._bar.setValue(done)
        self._words.setText(text)
        self._stop.setEnabled(may_stop)
        self.setVisible(True)
