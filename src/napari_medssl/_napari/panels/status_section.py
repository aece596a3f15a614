"""The status line: what runs and for how long, or what came of it."""

from __future__ import annotations

import time

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_medssl._napari.panels.section import words

_USUAL, _PROBLEM = "", "color: #ff8a80;"
_TICK_MS = 100


class StatusSection(QWidget):
    """A sentence, and while something runs a moving bar and the seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._since: float | None = None
        self._line = words()
        self._line.setMinimumHeight(self._line.fontMetrics().height() * 2 + 4)
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 2, 0, 0)
        body.setSpacing(3)
        body.addWidget(self._bar)
        body.addWidget(self._line)
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self._tick)

    def show_status(self, text: str, *, since: float | None, problem: bool) -> None:
        """Show words; with ``since`` (a `time.monotonic`) count the seconds beside them."""
        self._text, self._since = text, since
        self._line.setStyleSheet(_PROBLEM if problem else _USUAL)
        self._bar.setRange(0, 0 if since is not None else 1)
        if since is None:
            self._clock.stop()
            self._line.setText(text)
        else:
            self._clock.start()
            self._tick()

    def _tick(self) -> None:
        if self._since is not None:
            self._line.setText(f"{self._text}… {time.monotonic() - self._since:.1f} s")
