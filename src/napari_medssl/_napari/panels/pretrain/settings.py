"""How a network learns without masks, beyond the method and the time: folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QSpinBox, QVBoxLayout, QWidget

from napari_medssl._napari.panels.file_choice import FileChoice
from napari_medssl._napari.panels.pretrain.method_settings import MethodSettings
from napari_medssl._napari.panels.section import form, narrow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.pretrain.settings.setting import Setting

_CHOSEN = "Chosen for me"
_NO_PLAN = "No plan"
_PLANS = "nnU-Net's plans (*.json);;All files (*)"


class PretrainSettings(QWidget):
    """Network, plan, dimensions, batch, scale, seed, engine, and what the method has itself."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._network = _choice({_CHOSEN: None}, "What is taught")
        self.plan = FileChoice(
            _NO_PLAN,
            "Click to choose a plan of nnU-Net's: what it planned is taught, for the Encoder of a "
            "run of nnU-Net",
            "Teach one of our networks again",
            "A plan of nnU-Net's",
            _PLANS,
        )
        self.plan.changed.connect(self._on_plan)
        self._dimensions = _choice(
            {_CHOSEN: None, "2-D, slice by slice": 2, "3-D": 3}, "Thin stacks are seen in slices"
        )
        self._scale = _choice(
            {"What minutes here allow": "here", "As printed in the paper": "paper"},
            "The paper's network, crops and number of steps: days on a GPU",
        )
        self._engine = _choice({"This computer": "here"}, "Where it learns")
        self._batch = _number(4096, "Images at each step; more need more memory")
        self._batch.setSpecialValueText(_CHOSEN.lower())
        self._seed = _number(2**31 - 1, "Decides every random draw: the same seed learns the same")
        self._stop = QCheckBox("Stop early when all images come out alike")
        self._stop.setChecked(True)
        self._stop.setToolTip("What is learned from then on would be worth little")
        for combo in (self._network, self._dimensions, self._scale, self._engine):
            combo.activated.connect(lambda _: self.changed.emit())
        for box in (self._batch, self._seed):
            box.valueChanged.connect(lambda _: self.changed.emit())
        self._stop.toggled.connect(lambda _: self.changed.emit())
        self._own = MethodSettings()
        self._own.changed.connect(self.changed)
        self._networks: tuple[tuple[str, str], ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        rows = {"Network": self._network, "nnU-Net": self.plan, "Sees": self._dimensions}
        rows |= {
            "Scale": self._scale,
            "Batch": self._batch,
            "Seed": self._seed,
            "Learns on": self._engine,
        }
        column.addWidget(form(rows))
        column.addWidget(self._stop)
        column.addWidget(self._own)

    @property
    def is_as_printed(self) -> bool:
        """Whether the paper's own number of steps is taken."""
        return bool(self._scale.currentData() == "paper")

    def given(self) -> dict[str, Any]:
        """Return what is set, as `PretrainWishes` takes it."""
        return {
            "network": self._network.currentData(),
            "nnunet": self.plan.path,
            "dimensions": self._dimensions.currentData(),
            "batch": self._batch.value() or None,
            "scale": self._scale.currentData(),
            "seed": self._seed.value(),
            "engine": self._engine.currentData(),
            "stop_on_collapse": self._stop.isChecked(),
            "settings": self._own.given(),
        }

    def show_networks(self, rows: Sequence[tuple[str, str]]) -> None:
        """Offer the networks that the method can teach."""
        if tuple(rows) == self._networks:
            return
        self._networks, chosen = tuple(rows), self._network.currentData()
        self._network.clear()
        self._network.addItem(_CHOSEN, None)
        for name, title in rows:
            self._network.addItem(title, name)
        self._network.setCurrentIndex(max(0, self._network.findData(chosen)))
        if self._network.currentData() != chosen:
            self.changed.emit()

    def show_settings(self, settings: Sequence[Setting]) -> None:
        """Offer the settings that the method has."""
        self._own.show_settings(settings)

    def show_engines(self, names: Sequence[str]) -> None:
        """Offer engines beyond this machine."""
        for name in names:
            if self._engine.findData(name) < 0:
                self._engine.addItem(name, name)

    def _on_plan(self) -> None:
        self._network.setEnabled(self.plan.path is None)  # nnU-Net says which
        self.changed.emit()


def _choice(entries: dict[str, Any], tip: str) -> QComboBox:
    made = narrow(QComboBox())
    for title, value in entries.items():
        made.addItem(title, value)
    made.setToolTip(tip)
    return made


def _number(most: int, tip: str) -> QSpinBox:
    made = QSpinBox()
    made.setRange(0, most)
    made.setToolTip(tip)
    return made
