"""Play and stop, how many frames a second, and what happens at the end."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QWidget

from napari_medssl._napari.panels.section import button, narrow, side_by_side

_PLAY, _STOP = "▶ Play (Space)", "■ Stop (Space)"
_PADDING = 24


class CineRow(QWidget):
    """Hidden where nothing moves."""

    play_asked = Signal()
    rate_chosen = Signal(float)
    bounce_chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        tip = "Play the frames from here; Space does the same while the image is selected"
        self._play = button(_PLAY, tip)
        width = self._play.fontMetrics().horizontalAdvance
        self._play.setMinimumWidth(max(width(_PLAY), width(_STOP)) + _PADDING)
        self._play.clicked.connect(self.play_asked)
        self._rate = QDoubleSpinBox()
        self._rate.setRange(0.5, 60)
        self._rate.setDecimals(1)
        self._rate.setKeyboardTracking(False)
        self._rate.setToolTip("Frames a second: the file's own, where it tells them")
        self._rate.valueChanged.connect(self.rate_chosen)
        self._end = narrow(QComboBox())
        self._end.addItem("Loop", False)
        self._end.addItem("Back and forth", True)
        self._end.setToolTip("At the end: begin again, or go back")
        self._end.activated.connect(lambda: self.bounce_chosen.emit(self._end.currentData()))
        self.setLayout(side_by_side(self._play, self._rate, QLabel("/s"), self._end))
        self.setVisible(False)

    def offer_cine(self, frames: int, rate: float) -> None:
        """Offer to play so many frames, so many a second; hidden when there is but one."""
        self._rate.blockSignals(True)
        self._rate.setValue(rate)
        self._rate.blockSignals(False)
        self.setVisible(frames > 1)

    def show_playing(self, *, playing: bool) -> None:
        """Show whether it plays."""
        self._play.setText(_STOP if playing else _PLAY)
