"""Label: which one is drawn, its name and colour, and a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from napari_medssl._napari.panels.section import button, narrow, side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.io import LabelInfo


class LabelRow(QWidget):
    """The current label."""

    label_chosen = Signal(int)
    label_added = Signal()
    renamed = Signal(str)
    recoloured = Signal(int, int, int)
    overwrite_chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._colour = QColor()
        self._label = narrow(QComboBox())
        self._editor = editor = QLineEdit()
        self._label.setEditable(True)
        self._label.setLineEdit(editor)
        self._label.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._label.setToolTip("The label that is drawn; type to rename it")
        self._label.activated.connect(lambda _: self.label_chosen.emit(self._label.currentData()))
        editor.editingFinished.connect(lambda: self.renamed.emit(editor.text()))
        self._swatch = button("", "Colour of this label")
        self._swatch.setFixedWidth(26)
        add = button("New", "Make a new label and draw with it")
        self._swatch.clicked.connect(self._ask_colour)
        add.clicked.connect(self.label_added)
        overwrite = QCheckBox("May overwrite other labels")
        overwrite.setToolTip("Off: voxels that already have another label keep it")
        overwrite.toggled.connect(self.overwrite_chosen)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        row = side_by_side(QLabel("Label"), self._swatch, self._label, add)
        row.setStretchFactor(self._label, 5)
        body.addLayout(row)
        body.addWidget(overwrite)

    def show_labels(self, labels: Sequence[LabelInfo], current: int) -> None:
        """List the labels, the current one chosen."""
        self._label.blockSignals(True)
        self._label.clear()
        for label in labels:
            pixels = QPixmap(12, 12)
            pixels.fill(QColor(*label.colour))
            self._label.addItem(QIcon(pixels), label.name, label.value)
            if label.value == current:
                self._colour = QColor(*label.colour)
        self._swatch.setStyleSheet(f"background-color: {self._colour.name()};")
        self._label.setCurrentIndex(self._label.findData(current))
        self._editor.setCursorPosition(0)  # a long name shows its beginning
        self._label.blockSignals(False)

    def _ask_colour(self) -> None:
        colour = QColorDialog.getColor(self._colour, self, "Colour of the label")
        if colour.isValid():
            self.recoloured.emit(colour.red(), colour.green(), colour.blue())
