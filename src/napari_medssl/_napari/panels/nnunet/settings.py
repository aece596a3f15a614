"""The settings of a run of nnU-Net, folded away: its own unless somebody changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QWidget,
)

from napari_medssl._napari.panels.file_choice import FileChoice
from napari_medssl._napari.panels.section import narrow, side_by_side
from napari_medssl.finetune.nnunet.configurations import FOLDS
from napari_medssl.finetune.nnunet.settings import NnunetSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHANCE = "Random start"
_WEIGHTS = "Weights (*.safetensors *.pth *.pt);;All files (*)"


class NnunetSettingsForm(QWidget):
    """Folds, epochs, steps, memory, processes, encoder and device."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        usual = NnunetSettings()
        self._folds = [QCheckBox(str(fold)) for fold in FOLDS]
        for box in self._folds:
            box.setChecked(True)
            box.toggled.connect(self.changed)
        self._epochs = _number(usual.epochs, 1, 10_000, "nnU-Net's own are 1,000")
        self._steps = _number(usual.iterations, 1, 10_000, "Of each epoch; nnU-Net's own are 250")
        self._workers = _number(
            usual.workers, 0, 64, "Processes that load beside the training; 0 keeps all in one"
        )
        self._memory = QDoubleSpinBox()
        self._memory.setRange(1, 512)
        self._memory.setDecimals(0)
        self._memory.setSuffix(" GB")
        self._memory.setValue(usual.memory_gb)
        self._memory.setToolTip("The windows shall fit into it; look at the cases again after it")
        for box in (self._epochs, self._steps, self._workers, self._memory):
            box.valueChanged.connect(self.changed)
        self._encoder = FileChoice(
            _CHANCE,
            "Click to choose a file of pre-trained weights that the encoder begins with",
            "Begin with random weights again",
            "Weights of the encoder",
            _WEIGHTS,
        )
        self._encoder.changed.connect(self.changed)
        self._device = narrow(QComboBox())
        self._device.activated.connect(self.changed)
        self._lay_out()
        self.show_devices(())

    def given(self) -> dict[str, Any]:
        """Return what is set, as `NnunetSettings` takes it."""
        return {
            "folds": tuple(n for n, box in zip(FOLDS, self._folds, strict=True) if box.isChecked()),
            "epochs": self._epochs.value(),
            "iterations": self._steps.value(),
            "memory_gb": self._memory.value(),
            "workers": self._workers.value(),
            "encoder": str(self._encoder.path or ""),
            "device": self._device.currentData(),
        }

    def show_devices(self, devices: Sequence[tuple[str, str]]) -> None:
        """Offer what there is to train on."""
        self._device.clear()
        self._device.addItem("Choose for me", "auto")
        for name, title in devices:
            self._device.addItem(title[:1].upper() + title[1:], name)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(4)
        form.addRow("Folds", side_by_side(*self._folds))
        form.addRow("Epochs", self._epochs)
        form.addRow("Steps an epoch", self._steps)
        form.addRow("GPU memory", self._memory)
        form.addRow("Processes", self._workers)
        form.addRow("Encoder", self._encoder)
        form.addRow("Device", self._device)


def _number(value: int, low: int, high: int, tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setGroupSeparatorShown(True)
    box.setValue(value)
    box.setToolTip(tip)
    return box
