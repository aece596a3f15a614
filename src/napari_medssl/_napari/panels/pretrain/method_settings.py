"""The settings that one method of pre-training has, whichever they are: a row for each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_medssl._napari.panels.section import form, narrow, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl.pretrain.settings.setting import Setting

_MOST = 1_000_000
_DIGITS = 6


class MethodSettings(QWidget):
    """A row for each setting, as the recipe has it until somebody changes it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._settings: tuple[Setting, ...] = ()
        self._read: dict[str, Callable[[], Any]] = {}
        self._form = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._form)

    def given(self) -> dict[str, Any]:
        """Return what differs from the recipe, by name."""
        now = {one.name: self._read[one.name]() for one in self._settings}
        return {one.name: now[one.name] for one in self._settings if now[one.name] != one.default}

    def show_settings(self, settings: Sequence[Setting]) -> None:
        """Show these instead; nothing happens where they are the same."""
        if tuple(settings) == self._settings:
            return
        had_some = bool(self.given())
        self._settings = tuple(settings)
        boxes = {one.name: self._box(one) for one in settings}
        new = form({_title(one.name): boxes[one.name] for one in settings})
        self.layout().replaceWidget(self._form, new)
        self._form.deleteLater()
        self._form = new
        self.setVisible(bool(settings))
        if had_some:
            self.changed.emit()

    def _box(self, one: Setting) -> QWidget:
        made = {
            "yes or no": self._yes_or_no,
            "choice": self._choice,
            "whole number": self._number,
            "number": self._number,
            "numbers": self._numbers,
        }[one.kind](one)
        made.setToolTip(f"{one.meaning}. By the recipe: {_said(one.default)}.")
        return made

    def _yes_or_no(self, one: Setting) -> QWidget:
        box = QCheckBox()
        box.setChecked(one.default)
        box.toggled.connect(self._tell)
        self._read[one.name] = box.isChecked
        return box

    def _choice(self, one: Setting) -> QWidget:
        combo = narrow(QComboBox())
        for word in one.choices:
            combo.addItem(word.replace("-", " ").capitalize(), word)
        combo.setCurrentIndex(combo.findData(one.default))
        combo.activated.connect(self._tell)
        self._read[one.name] = combo.currentData
        return combo

    def _number(self, one: Setting) -> QWidget:
        box = _spin(one, one.default)
        box.valueChanged.connect(self._tell)
        self._read[one.name] = partial(_value, box, one.default)
        return box

    def _numbers(self, one: Setting) -> QWidget:
        boxes = [_spin(one, value) for value in one.default]
        for box in boxes:
            box.valueChanged.connect(self._tell)
        self._read[one.name] = lambda: tuple(
            _value(box, own) for box, own in zip(boxes, one.default, strict=True)
        )
        row = QWidget()
        row.setLayout(side_by_side(*boxes))
        return row

    def _tell(self, *_: object) -> None:
        self.changed.emit()


def _spin(one: Setting, value: float) -> QSpinBox | QDoubleSpinBox:
    if isinstance(value, int):
        box = QSpinBox()
        box.setRange(int(max(one.low, -_MOST)), int(min(one.high, _MOST)))
        box.setValue(value)
        return box
    real = _Real()
    real.setRange(max(one.low, -_MOST), min(one.high, _MOST))
    real.setDecimals(_DIGITS)
    real.setSingleStep(10 ** (len(f"{value:.0f}") - 2) if value >= 1 else 0.05)
    real.setValue(value)
    return real


class _Real(QDoubleSpinBox):
    """Shows no zeros that say nothing."""

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """Write a number as short as it is."""
        return f"{value:g}"


def _value(box: QSpinBox | QDoubleSpinBox, own: float) -> float:
    """Return what a box holds; the default itself where it was left as it is."""
    value = box.value()
    return own if abs(value - own) < 10**-_DIGITS else value


def _title(name: str) -> str:
    return "IoU" if name == "iou" else name.replace("_", " ").capitalize()


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(_said, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
