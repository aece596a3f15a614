"""Labels: one line each with colour, name, value, eye and lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QColorDialog,
    QHeaderView,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
)

from napari_medssl._napari.keys import KEYS
from napari_medssl._napari.panels.section import Section, button
from napari_medssl._napari.panels.segment.label_icons import eye, lock, swatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.mask.document import LabelRow

_COLOUR, _NAME, _VALUE, _EYE, _LOCK = range(5)
_WIDTHS = {_COLOUR: 24, _EYE: 26, _LOCK: 26}
_LINE, _MOST_LINES = 24, 6
_TIPS = {
    _COLOUR: "Click to change the colour",
    _NAME: "Click to draw with this label, double-click to rename it",
    _VALUE: "The number of its voxels in the mask",
    _EYE: "Show or hide this label",
    _LOCK: "Lock: nothing adds to this label or takes from it",
}


class LabelTable(Section):
    """The label table; the line in use is highlighted."""

    label_chosen = Signal(int)
    label_added = Signal()
    delete_asked = Signal()
    step_asked = Signal(int)
    object_asked = Signal(int)
    renamed = Signal(int, str)
    recoloured = Signal(int, int, int, int)
    visible_chosen = Signal(int, bool)
    locked_chosen = Signal(int, bool)
    overwrite_chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__("3  Labels")
        self._rows: Sequence[LabelRow] = ()
        self._table = table = _table()
        table.cellClicked.connect(self._on_click)
        table.itemChanged.connect(self._on_renamed)
        self.body.addWidget(table)
        new = button("New", "Make a new label and draw with it")
        delete = button("Delete", "Delete the label in use, with its voxels")
        back = button(f"\N{UPWARDS ARROW}  [{KEYS['previous-label']}]", "The label above")
        on = button(f"\N{DOWNWARDS ARROW}  [{KEYS['next-label']}]", "The label below")
        new.clicked.connect(self.label_added)
        delete.clicked.connect(self.delete_asked)
        back.clicked.connect(lambda: self.step_asked.emit(-1))
        on.clicked.connect(lambda: self.step_asked.emit(1))
        self.add_row(new, delete, back, on)
        self._add_objects()
        overwrite = QCheckBox("May overwrite other labels")
        overwrite.setToolTip("Off: voxels that already have another label keep it")
        overwrite.toggled.connect(self.overwrite_chosen)
        self.body.addWidget(overwrite)

    def _add_objects(self) -> None:
        tip = "Turn to the middle of the {} object in the mask, and draw with its label"
        keys = KEYS["previous-object"], KEYS["next-object"]
        before = button(f"\N{LEFTWARDS ARROW} Object  [{keys[0]}]", tip.format("previous"))
        after = button(f"\N{RIGHTWARDS ARROW} Object  [{keys[1]}]", tip.format("next"))
        before.clicked.connect(lambda: self.object_asked.emit(-1))
        after.clicked.connect(lambda: self.object_asked.emit(1))
        self.add_row(before, after)

    def show_labels(self, labels: Sequence[LabelRow], current: int) -> None:
        """List the labels, the current one chosen."""
        self._rows, table = labels, self._table
        table.blockSignals(True)
        table.setRowCount(len(labels))
        for line, row in enumerate(labels):
            self._show_line(line, row)
            if row.info.value == current:
                table.selectRow(line)
                table.scrollToItem(table.item(line, _NAME))
        table.blockSignals(False)
        lines = min(max(len(labels), 1), _MOST_LINES)
        table.setFixedHeight(lines * _LINE + 2 * table.frameWidth())

    def confirm(self, question: str) -> bool:
        """Ask before something is deleted."""
        answer = QMessageBox.question(self, "Delete", question)
        return bool(answer == QMessageBox.StandardButton.Yes)

    def _show_line(self, line: int, row: LabelRow) -> None:
        table, text = self._table, self._table.palette().text().color()
        for column in _TIPS:
            if table.item(line, column) is None:
                table.setItem(line, column, _cell(column))
        table.item(line, _COLOUR).setIcon(swatch(row.info.colour))
        table.item(line, _NAME).setText(row.info.name)
        table.item(line, _VALUE).setText(str(row.info.value))
        table.item(line, _EYE).setIcon(eye(text, open_=row.visible))
        table.item(line, _LOCK).setIcon(lock(text, closed=row.locked))

    def _on_click(self, line: int, column: int) -> None:
        row = self._rows[line]
        value = row.info.value
        if column == _EYE:
            self.visible_chosen.emit(value, not row.visible)
        elif column == _LOCK:
            self.locked_chosen.emit(value, not row.locked)
        elif column == _COLOUR:
            self._ask_colour(row)
        else:
            self.label_chosen.emit(value)

    def _on_renamed(self, item: QTableWidgetItem) -> None:
        if item.column() == _NAME:
            self.renamed.emit(self._rows[item.row()].info.value, item.text())

    def _ask_colour(self, row: LabelRow) -> None:
        colour = QColorDialog.getColor(QColor(*row.info.colour), self, "Colour of the label")
        if colour.isValid():
            rgb = (colour.red(), colour.green(), colour.blue())
            self.recoloured.emit(row.info.value, *rgb)


def _table() -> QTableWidget:
    table = QTableWidget(0, len(_TIPS))
    table.horizontalHeader().hide()
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_LINE)
    table.setShowGrid(False)
    table.setIconSize(QSize(16, 16))
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys go on to the canvas
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    header = table.horizontalHeader()
    header.setMinimumSectionSize(20)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(_VALUE, QHeaderView.ResizeMode.ResizeToContents)
    for column, width in _WIDTHS.items():
        table.setColumnWidth(column, width)
    return table


def _cell(column: int) -> QTableWidgetItem:
    cell = QTableWidgetItem()
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
    cell.setFlags(flags | Qt.ItemFlag.ItemIsEditable if column == _NAME else flags)
    cell.setToolTip(_TIPS[column])
    if column == _VALUE:
        cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return cell
