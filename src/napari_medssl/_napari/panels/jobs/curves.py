"""Live curves: what a job measured; losses, overlaps and signs of collapse on axes of their own."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from napari_medssl._napari.panels.section import narrow, side_by_side, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtGui import QWheelEvent

    from napari_medssl._napari.presenters.jobs.story import About, Curve

_COLOURS = ("#5aa9ff", "#ffb547", "#5fcf80", "#ff8a80", "#c792ea", "#80deea")
_GROUND, _AXES = "#1f242c", "#9aa4b2"
_HIGH = 132
_NOTHING_ELSE = "Another number…"


class Curves(QWidget):
    """The curves of one training at a time, by what they are about, and one other number."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: Mapping[str, tuple[Curve, ...]] = {}
        self._training, self._other = narrow(QComboBox()), narrow(QComboBox())
        self._training.setToolTip("Which of the job's trainings is shown")
        self._training.activated.connect(self._pin)
        self._pinned = ""  # the user's choice; else the newest is followed
        self._other.setToolTip("Anything else that was measured, such as the learning rate")
        self._other.activated.connect(self._draw)
        self._plots: dict[About, Plot] = {
            "loss": Plot(),
            "dice": Plot(),
            "probe": Plot("Part of the voxels of your masks that are told apart: more is better"),
            "alike": Plot(),
        }
        self._rest = Plot()
        for about in ("dice", "probe", "alike"):
            self._plots[about].bind(0, 1)
        self._choice = QWidget()
        self._choice.setLayout(side_by_side(QLabel("Training"), self._training))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self._choice, *self._plots.values(), self._other, self._rest):
            column.addWidget(part)
        self.show_curves({})

    def show_curves(self, curves: Mapping[str, tuple[Curve, ...]]) -> None:
        """Show the curves of each training, the newest last."""
        self._curves = curves
        if self._pinned not in curves:
            self._pinned = ""
        names = _with_curves(curves)
        if names != [self._training.itemText(n) for n in range(self._training.count())]:
            self._training.clear()
            self._training.addItems(names)
        if names:
            self._training.setCurrentText(self._pinned or names[-1])
        self._choice.setVisible(len(names) > 1)
        self._draw()

    def _pin(self) -> None:
        newest = self._training.currentIndex() == self._training.count() - 1
        self._pinned = "" if newest else self._training.currentText()
        self._draw()

    def _draw(self) -> None:
        shown = self._curves.get(self._training.currentText(), ())
        for about, plot in self._plots.items():
            plot.show_curves([one for one in shown if one.about == about])
        others = [one for one in shown if one.about == "other"]
        names = [_NOTHING_ELSE, *(one.name for one in others)]
        if names != [self._other.itemText(n) for n in range(self._other.count())]:
            chosen = self._other.currentText()
            self._other.clear()
            self._other.addItems(names)
            self._other.setCurrentText(chosen if chosen in names else _NOTHING_ELSE)
        self._other.setVisible(bool(others))
        self._rest.show_curves([one for one in others if one.name == self._other.currentText()])


class Plot(QWidget):
    """A small diagram under a line that names its curves and their last values."""

    def __init__(self, tip: str = "") -> None:
        super().__init__()
        self.setToolTip(tip)
        self._legend = words()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._plot = _Diagram(background=_GROUND)
        self._plot.setFixedHeight(_HIGH)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.showGrid(x=False, y=True, alpha=0.2)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(_AXES)
            axis.setTextPen(_AXES)
            axis.enableAutoSIPrefix(False)
        self._plot.getAxis("left").setWidth(44)  # the diagrams begin at one line
        self._lines: list[pg.PlotDataItem] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._legend)
        column.addWidget(self._plot)

    def bind(self, low: float, high: float) -> None:
        """Keep the axis of values as it is."""
        self._plot.setYRange(low, high, padding=0.02)

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Show these curves instead; nothing at all where there are none."""
        self.setVisible(bool(curves))
        while len(self._lines) < len(curves):
            pen = pg.mkPen(_colour(len(self._lines)), width=1)
            self._lines.append(self._plot.plot(pen=pen, antialias=True))
        for n, line in enumerate(self._lines):
            one = curves[n] if n < len(curves) else None
            line.setData([] if one is None else one.steps, [] if one is None else one.values)
            alone = one is not None and len(one.steps) == 1  # a line of one point is not seen
            line.setSymbol("o" if alone else None)
        self._legend.setText("&nbsp; ".join(_told(n, one) for n, one in enumerate(curves)))


class _Diagram(pg.PlotWidget):
    """Leaves the wheel to the panel, which scrolls."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Let the panel have it."""
        event.ignore()


def _with_curves(curves: Mapping[str, tuple[Curve, ...]]) -> list[str]:
    """Leave out what was measured once, as a result at the end, where there is more to see."""
    several = [k for k, of in curves.items() if any(len(one.steps) > 1 for one in of)]
    return several or list(curves)[-1:]


def _told(n: int, curve: Curve) -> str:
    square = f"<span style='color: {_colour(n)}'>\N{BLACK SQUARE}</span>"
    text = f"{escape(curve.name)} {curve.values[-1]:.4g}".replace(" ", "&nbsp;")
    return f"{square}&nbsp;{text}"


def _colour(n: int) -> str:
    return _COLOURS[n % len(_COLOURS)]
