"""More tools: one is chosen from a list, set, and applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from napari_medssl._napari.panels.section import button, narrow, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.correct.tool import Parameter, Tool


_FOLDED = "More tools  \N{BLACK RIGHT-POINTING TRIANGLE}"
_OPEN = "More tools  \N{BLACK DOWN-POINTING TRIANGLE}"


class ToolsSection(QWidget):
    """Folded away until asked for."""

    apply_asked = Signal(str, object, bool, object)  # name, settings, slice only, other
    grown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._chosen: Tool | None = None
        self._boxes: dict[str, QDoubleSpinBox] = {}
        self._tool = narrow(QComboBox())
        self._tool.currentIndexChanged.connect(self._show_tool)
        self._tip = words(style="color: #9aa4b2;")
        self._other = narrow(QComboBox())
        self._slice = QCheckBox("On this slice only")
        apply = button("Apply", "Run the tool on the label in use; undo takes it back")
        apply.clicked.connect(self._ask)
        self._form = QFormLayout()
        self._form.setSpacing(4)
        self._folded = QWidget()
        column = QVBoxLayout(self._folded)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._tool)
        column.addWidget(self._tip)
        column.addLayout(self._form)
        column.addWidget(self._slice)
        column.addWidget(apply)
        self._folded.setVisible(False)
        self._unfold = unfold = button(_FOLDED, "Islands, holes, smoothing, margins, slices")
        unfold.clicked.connect(lambda: self._fold(not self._folded.isHidden()))
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        body.addWidget(unfold)
        body.addWidget(self._folded)

    def show_tools(self, tools: Sequence[Tool]) -> None:
        """List the tools, by their groups."""
        self._tool.clear()
        group = ""
        for tool in tools:
            if tool.group != group:
                group = tool.group
                self._tool.addItem(group)
                model: Any = self._tool.model()
                model.item(self._tool.count() - 1).setEnabled(False)
            self._tool.addItem(f"    {tool.title}", tool)
            self._tool.setItemData(self._tool.count() - 1, tool.tip, Qt.ItemDataRole.ToolTipRole)
        self._tool.setCurrentIndex(1)

    def show_others(self, others: Sequence[tuple[str, int | str]]) -> None:
        """Offer other labels, and other masks of this image."""
        chosen = self._other.currentData()
        self._other.clear()
        for title, other in others:
            self._other.addItem(title, other)
        self._other.setCurrentIndex(max(self._other.findData(chosen), 0))

    def _fold(self, away: bool) -> None:
        self._folded.setVisible(not away)
        self._unfold.setText(_FOLDED if away else _OPEN)
        self._say_grown()

    def _say_grown(self) -> None:
        """Say so once it is unfolded: the panel's top stays in sight while it opens."""
        if not self._folded.isHidden():
            self.grown.emit()

    def _show_tool(self) -> None:
        tool = self._chosen = self._tool.currentData()
        while self._form.rowCount():
            row = self._form.takeRow(0)
            if row.fieldItem.widget() is self._other:
                self._other.setParent(self)
                self._other.hide()
            else:
                row.fieldItem.widget().deleteLater()
            row.labelItem.widget().deleteLater()
        self._boxes = {}
        if tool is None:
            return
        self._tip.setText(tool.tip)
        if tool.needs in ("label", "mask"):
            self._form.addRow("With", self._other)
            self._other.show()
        for parameter in tool.parameters:
            box = self._boxes[parameter.name] = _number(parameter)
            self._form.addRow(parameter.title, box)
        self._slice.setVisible(tool.scope == "volume or slice")
        self._say_grown()

    def _ask(self) -> None:
        if self._chosen is not None:
            settings = {name: box.value() for name, box in self._boxes.items()}
            slice_only = self._slice.isChecked() and not self._slice.isHidden()
            self.apply_asked.emit(
                self._chosen.name, settings, slice_only, self._other.currentData()
            )


def _number(parameter: Parameter) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(max(parameter.low, -1e9), min(parameter.high, 1e9))
    whole = parameter.unit in ("voxels", "slices", "")
    box.setDecimals(0 if whole else 1)
    box.setSuffix(f" {parameter.unit}" if parameter.unit else "")
    box.setToolTip(parameter.tip)
    box.setValue(parameter.default if parameter.default is not None else 0)
    return box
