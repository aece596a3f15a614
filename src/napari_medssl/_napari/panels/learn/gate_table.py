"""The figures of both models, a line a label; the better of two is marked."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.learn.gate_facts import GateLine, Pair

_HEADS = (
    ("before → new", "The model before, and the new one; the better of the two in green"),
    ("Dice", "How well both masks overlap, from 0 to 1: more is better"),
    ("HD95 mm", "How far the outlines are apart, but for the worst 5 %: less is better"),
    ("Off by ml", "By how much the volume is wrong, either way: less is better"),
)
_LONG = 16  # a label's name that may take several lines
_BETTER = "<b style='color: #3ddc97'>{}</b>"


class GateTable(QWidget):
    """Old → new, in four columns."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 1)

    def show_lines(self, lines: Sequence[GateLine]) -> None:
        """Show these lines and no others."""
        while self._grid.count():
            self._grid.takeAt(0).widget().deleteLater()
        self.setVisible(bool(lines))
        if not lines:
            return
        for column, (head, tip) in enumerate(_HEADS):
            self._put(0, column, f"<span style='color: #9aa4b2'>{head}</span>", tip)
        for row, line in enumerate(lines, 1):
            cases = "1 case" if line.cases == 1 else f"{line.cases} cases"
            self._put(row, 0, escape(line.name), f"{line.name}: drawn or found in {cases}")
            for column, pair in enumerate((line.dice, line.hd95_mm, line.off_ml), 1):
                self._put(row, column, _told(pair), "Model before → new model; the better in green")

    def _put(self, row: int, column: int, text: str, tip: str) -> None:
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setToolTip(tip)
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        label.setAlignment(side)
        label.setWordWrap(column == 0 and row > 0 and len(text) > _LONG)
        self._grid.addWidget(label, row, column)


def _told(pair: Pair) -> str:
    old = _BETTER.format(pair.old) if pair.better == "old" else pair.old
    new = _BETTER.format(pair.new) if pair.better == "new" else pair.new
    return f"{old}&nbsp;→&nbsp;{new}"
