"""Review: what was found, against what is there, accepted a label at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_medssl._napari.panels.section import Section, button, narrow, side_by_side, words
from napari_medssl._napari.panels.segment.label_icons import swatch
from napari_medssl._napari.proposal_layers import DIFFERENCE_COLOURS
from napari_medssl.correct.merge import ADDED, KEPT, REMOVED, SAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.automatic.review import Look
    from napari_medssl._napari.presenters.automatic.review_rows import ReviewRow

_TICK, _TARGET, _ADDED, _REMOVED, _SAME = range(5)
_TIPS = {
    _TICK: "What the model found; ticked labels are accepted",
    _TARGET: "The label of the mask that it becomes",
    _ADDED: "What the label would gain",
    _REMOVED: "What the label would lose",
    _SAME: "What the label has already",
}
_WIDTHS = {_TICK: 128, _TARGET: 108, _ADDED: 46, _REMOVED: 46, _SAME: 46}
_LINE, _MOST_LINES = 26, 8
_LOOKS: dict[Look, tuple[str, str]] = {
    "old": ("Old labels", "The mask as it is"),
    "new": ("Proposal", "What the model found"),
    "difference": ("Difference", "What would change in the mask"),
}
_LEGEND = {ADDED: "added", REMOVED: "taken away", SAME: "same", KEPT: "left as it is"}
_GREEN = (
    "QPushButton { padding: 4px 2px; } QPushButton:enabled "
    "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
)
_OFFER = "background-color: #24405f; color: #cfe4ff; padding: 6px; border-radius: 3px;"


class ReviewSection(Section):
    """A table of the classes with their labels, three ways to look, and the buttons."""

    opened = Signal()
    look_asked = Signal()
    look_chosen = Signal(str)
    target_chosen = Signal(int, int)
    uncertainty_chosen = Signal(bool)
    accept_asked = Signal(list)
    all_asked = Signal()
    discard_asked = Signal()
    undo_asked = Signal()

    def __init__(self) -> None:
        super().__init__("3  Look and accept")
        self._rows: Sequence[ReviewRow] = ()
        self._unticked: set[int] = set()
        self._offer, self._words = words(style=_OFFER), words()
        self._waiting = self._make_offer()
        self._looks: dict[str, QPushButton] = {}
        self._table = _table()
        self._table.itemChanged.connect(self._on_tick)
        self._unsure = QCheckBox("Show where the model is unsure")
        self._unsure.toggled.connect(self.uncertainty_chosen)
        self._nothing = words("Nothing waits to be accepted.", style="color: #9aa4b2;")
        self._others = words(style="color: #9aa4b2;")
        self._review = QWidget()
        self._undo = button("Undo", "Take the last step on the mask back")
        self._undo.clicked.connect(self.undo_asked)
        self._lay_out()
        self.setMinimumWidth(sum(_WIDTHS.values()) + 4)  # before the table is shown, too
        self.show_offer("")
        self.show_others("")
        self.show_no_review()
        self.show_history("", "")

    def show_offer(self, text: str) -> None:
        """Offer to look at what waits for the case in hand; empty: nothing waits."""
        self._offer.setText(text)
        self._waiting.setVisible(bool(text))
        self._nothing.setVisible(not text and self._review.isHidden())

    def show_others(self, text: str) -> None:
        """Say for which other cases something waits; empty: for none."""
        self._others.setText(text)
        self._others.setVisible(bool(text))

    def show_review(self, rows: Sequence[ReviewRow], text: str, *, unit: str, look: Look) -> None:
        """List the classes, with sizes in a unit; say what is left as it is."""
        if {row.value for row in rows}.isdisjoint({row.value for row in self._rows}):
            self._unticked.clear()
        self._rows = rows
        opened = self._review.isHidden()
        self._nothing.hide()
        self._review.show()
        self._looks[look].setChecked(True)
        self._words.setText(text)
        self._words.setVisible(bool(text))
        signs = (f"+ {unit}", f"\N{MINUS SIGN} {unit}", f"= {unit}")
        self._table.setHorizontalHeaderLabels(["Found", "Becomes", *signs])
        for column, tip in _TIPS.items():
            self._table.horizontalHeaderItem(column).setToolTip(tip)
        self._fill(rows)
        if opened:
            self.opened.emit()

    def show_no_review(self) -> None:
        """Nothing is to be accepted."""
        self._rows = ()
        self._unticked.clear()
        self._review.hide()
        self._nothing.setVisible(self._waiting.isHidden())

    def allow_uncertainty(self, allowed: bool) -> None:
        """Whether there is a heat map to show."""
        self._unsure.setVisible(allowed)
        self._unsure.blockSignals(True)
        self._unsure.setChecked(False)
        self._unsure.blockSignals(False)

    def show_history(self, undo: str, redo: str) -> None:
        """Name the step that can be taken back; the Segment panel makes it again."""
        self._undo.setEnabled(bool(undo))
        self._undo.setToolTip(f"Take back: {undo}" if undo else "There is nothing to take back")

    def _fill(self, rows: Sequence[ReviewRow]) -> None:
        table = self._table
        table.blockSignals(True)
        table.setRowCount(len(rows))
        for line, row in enumerate(rows):
            tick = QTableWidgetItem(swatch(row.colour), row.name)
            ticked = row.value not in self._unticked and not row.locked
            tick.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable
            tick.setFlags(flags if not row.locked else Qt.ItemFlag.NoItemFlags)
            locked = f"'{row.name}': its label is locked"
            tick.setToolTip(locked if row.locked else f"Accept '{row.name}'")
            table.setItem(line, _TICK, tick)
            table.setCellWidget(line, _TARGET, self._choice(row))
            for column, text in zip((_ADDED, _REMOVED, _SAME), row.amounts or ("…",) * 3):  # noqa: B905
                table.setItem(line, column, _amount(text))
        table.blockSignals(False)
        lines = min(max(len(rows), 1), _MOST_LINES)
        heading = table.horizontalHeader().sizeHint().height()
        table.setFixedHeight(lines * _LINE + heading + 2 * table.frameWidth())

    def _choice(self, row: ReviewRow) -> QComboBox:
        combo = narrow(QComboBox())
        for name, value in row.choices:
            combo.addItem(name, value)
        combo.setCurrentIndex(combo.findData(row.target))
        combo.setToolTip("The label of the mask that this becomes")
        combo.activated.connect(lambda _: self.target_chosen.emit(row.value, combo.currentData()))
        return combo

    def _on_tick(self, item: QTableWidgetItem) -> None:
        if item.column() == _TICK:
            value = self._rows[item.row()].value
            off = item.checkState() == Qt.CheckState.Unchecked
            (self._unticked.add if off else self._unticked.discard)(value)

    def _ticked(self) -> list[int]:
        return [r.value for r in self._rows if r.value not in self._unticked and not r.locked]

    def _make_offer(self) -> QWidget:
        inside = QWidget()
        look = button("Look at it", "Nothing in the mask changes until you accept")
        look.clicked.connect(self.look_asked)
        drop = button("Discard", "Throw the proposal away")
        drop.clicked.connect(self.discard_asked)
        column = QVBoxLayout(inside)  # the sentence above: beside the buttons it is cut
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._offer)
        column.addLayout(side_by_side(look, drop))
        return inside

    def _lay_out(self) -> None:
        self.body.addWidget(self._waiting)
        self.body.addWidget(self._nothing)
        self.body.addWidget(self._others)
        column = QVBoxLayout(self._review)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for look, (text, tip) in _LOOKS.items():
            made = self._looks[look] = button(text, tip, checkable=True)
            made.setAutoExclusive(True)
            made.clicked.connect(lambda _=False, k=look: self.look_chosen.emit(k))
        column.addLayout(side_by_side(*self._looks.values()))
        legend = words(_legend())
        legend.setTextFormat(Qt.TextFormat.RichText)
        for part in (legend, self._unsure, self._table, self._words):
            column.addWidget(part)
        accept = button("Accept ticked", "Put the ticked labels into the mask; undo takes it back")
        every = button("Accept all", "Put all of them into the mask, in one step")
        drop = button("Discard", "Throw the rest of the proposal away")
        accept.setStyleSheet(_GREEN)
        accept.clicked.connect(lambda: self.accept_asked.emit(self._ticked()))
        every.clicked.connect(self.all_asked)
        drop.clicked.connect(self.discard_asked)
        column.addLayout(side_by_side(accept, every, drop))
        self.body.addWidget(self._review)
        self.add_row(self._undo)


def _table() -> QTableWidget:
    table = QTableWidget(0, len(_TIPS))
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_LINE)
    table.setShowGrid(False)
    table.setIconSize(QSize(14, 14))
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    header = table.horizontalHeader()
    header.setMinimumSectionSize(min(_WIDTHS.values()))
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setSectionResizeMode(_TICK, QHeaderView.ResizeMode.Stretch)
    for column, width in _WIDTHS.items():
        table.setColumnWidth(column, width)
    return table


def _amount(text: str) -> QTableWidgetItem:
    cell = QTableWidgetItem(text)
    cell.setFlags(Qt.ItemFlag.ItemIsEnabled)
    cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return cell


def _legend() -> str:
    parts = []
    for code, text in _LEGEND.items():
        red, green, blue = DIFFERENCE_COLOURS[code]
        square = f"<span style='color: rgb({red},{green},{blue})'>\N{BLACK SQUARE}</span>"
        parts.append(f"{square}&nbsp;{text.replace(' ', '&nbsp;')}")
    return "Difference: " + " &nbsp;".join(parts)
