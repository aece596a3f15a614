"""Engine: the network that outlines, and what it runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QLabel, QVBoxLayout, QWidget

from napari_medssl._napari.panels.section import button, narrow, side_by_side, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.prompts.engine import EngineRow

DEVICES = {
    "auto": "Choose for me",
    "cpu": "This computer's processor",
    "cuda": "This computer's graphics card (NVIDIA)",
}


class EngineSection(QWidget):
    """Engine in use, with device and weights folded away."""

    engine_chosen = Signal(str)
    device_chosen = Signal(str)
    weights_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        self._engine = narrow(QComboBox())
        self._engine.setToolTip("The network that turns a point or a box into an outline")
        self._engine.activated.connect(
            lambda _: self.engine_chosen.emit(self._engine.currentData())
        )
        self._folded = self._advanced()
        unfold = button("Advanced", "Device and weights", checkable=True)
        unfold.toggled.connect(self._folded.setVisible)
        row = side_by_side(QLabel("Engine"), self._engine, unfold)
        row.setStretchFactor(self._engine, 3)
        body.addLayout(row)
        self._state = words(style="color: #9aa4b2;")
        body.addWidget(self._state)
        body.addWidget(self._folded)

    def show_engines(self, rows: Sequence[EngineRow], current: str) -> None:
        """List the engines; those that are not ready greyed, with the reason."""
        self._engine.clear()
        for at, row in enumerate(rows):
            self._engine.addItem(row.title, row.name)
            self._engine.setItemData(at, row.why_not or row.about, Qt.ItemDataRole.ToolTipRole)
            model: Any = self._engine.model()
            model.item(at).setEnabled(not row.why_not)
            if row.why_not:
                self._engine.setItemText(at, f"{row.title} (no weights yet)")
        self._engine.setCurrentIndex(self._engine.findData(current))

    def show_engine_state(self, state: str) -> None:
        """Say where the engine runs, and whether it is ready."""
        self._state.setText(state)

    def _advanced(self) -> QWidget:
        device = narrow(QComboBox())
        for key, title in DEVICES.items():
            device.addItem(title, key)
        device.setToolTip("What the network runs on")
        device.activated.connect(lambda _: self.device_chosen.emit(device.currentData()))
        weights = button("Add weights file…", "Weights of SAM or MedSAM that you already have")
        weights.clicked.connect(self._ask_weights)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(side_by_side(QLabel("Device"), device))
        column.addWidget(weights)
        inside.setVisible(False)
        return inside

    def _ask_weights(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Add weights", "", "Weights (*.pth *.pt)")
        if path:
            self.weights_chosen.emit(path)
