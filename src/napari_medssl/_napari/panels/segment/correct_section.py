"""Correct: brush, eraser and fill on the mask, what they keep to, undo, and finished slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.settings import get_settings
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QLabel, QWidget

from napari_medssl._napari.keys import KEYS
from napari_medssl._napari.panels.section import Section, button, words

if TYPE_CHECKING:
    from qtpy.QtWidgets import QPushButton

_TOOLS = {
    "brush": ("Brush", "napari:activate_labels_paint_mode", "Paint with the current label"),
    "eraser": ("Eraser", "napari:activate_labels_erase_mode", "Rub the current label out"),
    "fill": ("Fill", "napari:activate_labels_fill_mode", "Give an area the current label"),
}
_STEP = 130  # pixels of a step's name that a button has room for


class CorrectSection(Section):
    """Tools on the mask, their rules, undo and redo, and the tick for a finished slice."""

    tool_chosen = Signal(str)
    brush_resized = Signal(float)
    dimensions_chosen = Signal(int)
    range_used = Signal(bool)
    range_chosen = Signal(float, float)
    label_range_asked = Signal()
    brush_range_asked = Signal()
    undo_asked = Signal()
    redo_asked = Signal()
    finished_asked = Signal()

    def __init__(self, more: QWidget) -> None:
        super().__init__("5  Correct")
        self._tools: dict[str, QPushButton] = {}
        for tool, (text, action, tip) in _TOOLS.items():
            key = _key_of(action)
            if tool in KEYS:  # one that works whatever layer is selected
                key, tip = KEYS[tool], f"{tip}; {key} too, while the mask is selected"
            made = button(f"{text}  [{key}]", tip, checkable=True)
            made.clicked.connect(lambda on, t=tool: self.tool_chosen.emit(t if on else "look"))
            self._tools[tool] = made
        self.add_row(*self._tools.values())
        self._add_brush()
        self._add_range()
        self._undo, self._redo = button("Undo", ""), button("Redo", "")
        for made in (self._undo, self._redo):
            made.setMinimumWidth(_STEP + 12)
        self._undo.clicked.connect(self.undo_asked)
        self._redo.clicked.connect(self.redo_asked)
        self.add_row(self._undo, self._redo)
        self.body.addWidget(more)
        tip = "Call this slice finished: later parts learn from finished slices"
        self._done = button(f"Slice done  [{KEYS['finished']}]", tip, checkable=True)
        self._done.clicked.connect(self.finished_asked)
        self._done_words = words(style="color: #9aa4b2;")
        self.add_row(self._done)
        self.body.addWidget(self._done_words)

    def show_tool(self, tool: str) -> None:
        """Press the button of the tool in use."""
        for name, made in self._tools.items():
            made.setChecked(name == tool)

    def show_brush(self, mm: float, unit: str) -> None:
        """Show the diameter of the brush, in this unit."""
        self._size.blockSignals(True)
        self._size.setSuffix(f" {unit}")
        self._size.setValue(mm)
        self._size.blockSignals(False)

    def show_range(self, low: float, high: float, *, used: bool, unit: str) -> None:
        """Show the range, and whether the brush keeps to it."""
        decimals = 0 if high - low >= 20 else 3
        for box, value in ((self._low, low), (self._high, high)):
            box.blockSignals(True)
            box.setDecimals(decimals)
            box.setValue(value)
            box.blockSignals(False)
        self._only.blockSignals(True)
        self._only.setChecked(used)
        self._only.blockSignals(False)
        self._only.setToolTip(f"The brush leaves voxels of other intensities alone ({unit})")

    def allow_range(self, allowed: bool) -> None:
        """Whether the image has one intensity a voxel."""
        for widget in self._ranges:
            widget.setEnabled(allowed)

    def show_history(self, undo: str, redo: str) -> None:
        """Name what can be taken back and made again; empty where there is nothing."""
        steps = ((self._undo, "Undo", undo), (self._redo, "Redo", redo))
        for made, verb, step in steps:
            words_ = f"{verb} {step[:1].lower()}{step[1:]}".rstrip()
            elide = Qt.TextElideMode.ElideRight
            made.setText(made.fontMetrics().elidedText(words_, elide, _STEP))
            made.setToolTip(f"{words_}  [{KEYS[verb.lower()]}]")
            made.setEnabled(bool(step))

    def show_finished(self, text: str, *, done: bool, allowed: bool) -> None:
        """Say which slice this is and how many are finished; tick it or not."""
        self._done.setEnabled(allowed)
        self._done.setChecked(done)
        tick = "\N{CHECK MARK} " if done else ""
        self._done.setText(f"{tick}Slice done  [{KEYS['finished']}]")
        self._done_words.setText(text)

    def _add_brush(self) -> None:
        self._size = QDoubleSpinBox()
        self._size.setRange(0.01, 1000)
        self._size.setDecimals(1)
        self._size.setStyleSheet("QDoubleSpinBox { min-width: 104px; }")
        self._size.setKeyboardTracking(False)
        self._size.setToolTip("Diameter of the brush, in whole voxels ([ and ] change it)")
        self._size.valueChanged.connect(self.brush_resized)
        flat = button("2-D disc", "Paint on this slice only", checkable=True)
        ball = button("3-D ball", "Paint through the neighbouring slices too", checkable=True)
        flat.setChecked(True)
        for made, dimensions in ((flat, 2), (ball, 3)):
            made.setAutoExclusive(True)
            made.clicked.connect(lambda _=False, d=dimensions: self.dimensions_chosen.emit(d))
        self.add_row(QLabel("Size"), self._size, flat, ball)

    def _add_range(self) -> None:
        self._only = QCheckBox("Only from")
        self._low, self._high = _intensity(), _intensity()
        self._only.toggled.connect(self.range_used)
        for box in (self._low, self._high):
            box.valueChanged.connect(
                lambda: self.range_chosen.emit(self._low.value(), self._high.value())
            )
        of_label = button("Range of label", "Take the intensities that this label covers")
        of_brush = button("Range by brush", "Brush over what you want: its range is taken")
        of_label.clicked.connect(self.label_range_asked)
        of_brush.clicked.connect(self.brush_range_asked)
        self._ranges = (self._only, self._low, self._high, of_label, of_brush)
        self.add_row(self._only, self._low, QLabel("to"), self._high)
        self.add_row(of_label, of_brush)


def _intensity() -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(-1e7, 1e7)
    box.setDecimals(0)
    box.setKeyboardTracking(False)
    box.setMinimumWidth(64)
    return box


def _key_of(action: str) -> str:
    """The first key that napari, or the user in its settings, gives an action."""
    keys = get_settings().shortcuts.shortcuts.get(action, [])
    return str(keys[0]) if keys else "no key"
