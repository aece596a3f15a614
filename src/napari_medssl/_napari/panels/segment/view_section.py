"""View: which plane, and which grey values are shown as black to white."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QFileDialog, QLabel, QMenu

from napari_medssl._napari.keys import KEYS
from napari_medssl._napari.panels.section import Section, button, narrow
from napari_medssl._napari.panels.segment.cine_row import CineRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.volume import Window
    from napari_medssl.volume.window import WindowPreset

_CUSTOM = "Custom"
_DRAG_TIP = (
    "Set the window with the mouse on the canvas: to the right is wider, upwards is brighter. "
    "A double click goes back to the preset; Escape leaves. Nothing is painted meanwhile."
)
_PLANES_TIP = (
    "Axial, coronal and sagittal at once, with one crosshair: a click in one turns the others and "
    "the canvas"
)
_ADD_TIP = (
    "Lay a second scan of the same patient (MR, PET) over this one, where it lies in the patient. "
    "Masks stay on the grid of the first."
)


class ViewSection(Section):
    """Planes, presets, level and width."""

    plane_chosen = Signal(str)
    preset_chosen = Signal(str)
    values_chosen = Signal(float, float)
    drag_asked = Signal()
    planes_asked = Signal()
    scan_added = Signal(str)

    def __init__(self) -> None:
        super().__init__("2  View")
        planes = {
            "axial": ("Axial", "Seen from the feet: the patient's left is on your right"),
            "coronal": ("Coronal", "Seen from the front: the patient's left is on your right"),
            "sagittal": ("Sagittal", "Seen from the patient's left: the front is on your left"),
            "3-D": ("3-D", "The whole volume, seen from the front; drag to turn it"),
        }
        self._planes = []
        for plane, (text, tip) in planes.items():
            self._planes.append(button(text, tip))
            self._planes[-1].clicked.connect(lambda _=False, p=plane: self.plane_chosen.emit(p))
        self.add_row(*self._planes)
        three = button("Three planes", _PLANES_TIP)
        three.clicked.connect(self.planes_asked)
        self._add = button("Add a scan", _ADD_TIP)
        self._add.setMenu(self._ways_to_add())
        self.add_row(three, self._add)
        self._preset = narrow(QComboBox())
        self._preset.setToolTip("Window presets: a view only, the values stay as they are")
        self._preset.activated.connect(self._on_preset)
        self._level = _number("Level (WL): the value shown as middle grey, in the image's units")
        self._width = _number("Width (WW): from black to white, in the image's units")
        self._level.valueChanged.connect(self._on_values)
        self._width.valueChanged.connect(self._on_values)
        self._drag = button(f"Drag ({KEYS['window']})", _DRAG_TIP, checkable=True)
        self._drag.clicked.connect(self.drag_asked)
        self.add_row(QLabel("Window"), self._preset, self._drag)
        self.add_row(QLabel("Level"), self._level, QLabel("Width"), self._width)
        self.cine = CineRow()
        self.body.addWidget(self.cine)

    def allow_second_scan(self, allowed: bool) -> None:
        """Whether there is a scan to lay another over."""
        self._add.setEnabled(allowed)

    def allow_planes(self, allowed: bool) -> None:
        """Whether the image can be cut along other planes."""
        for plane in self._planes:
            plane.setEnabled(allowed)

    def show_presets(self, presets: Sequence[WindowPreset]) -> None:
        """Offer presets."""
        self._preset.clear()
        for preset in presets:
            self._preset.addItem(preset.title, preset.name)
        self._preset.setEnabled(bool(presets))

    def show_window(self, window: Window | None, preset: str) -> None:
        """Show level and width, and which preset they are (empty: none)."""
        for box in (self._level, self._width):
            box.setEnabled(window is not None)
        if window is None:
            return
        decimals = 0 if window.width >= 20 else 3
        for box, value in ((self._level, window.level), (self._width, window.width)):
            box.blockSignals(True)
            box.setDecimals(decimals)
            box.setValue(value)
            box.blockSignals(False)
        self._show_preset(preset)

    def show_dragging(self, *, dragging: bool) -> None:
        """Press the button of the mouse that sets the window, or let it go."""
        self._drag.setChecked(dragging)

    def _ways_to_add(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("A file…", self._ask_file)
        menu.addAction("A DICOM folder…", self._ask_folder)
        return menu

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Add a scan of the same patient")
        if path:
            self.scan_added.emit(path)

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Add a scan of the same patient")
        if path:
            self.scan_added.emit(path)

    def _show_preset(self, preset: str) -> None:
        custom = self._preset.findText(_CUSTOM)
        if preset and custom >= 0:
            self._preset.removeItem(custom)
        if not preset and custom < 0 and self._preset.count():
            self._preset.addItem(_CUSTOM, "")
        at = self._preset.findData(preset)
        if at >= 0:
            self._preset.setCurrentIndex(at)

    def _on_preset(self) -> None:
        if self._preset.currentData():
            self.preset_chosen.emit(self._preset.currentData())

    def _on_values(self) -> None:
        self.values_chosen.emit(self._level.value(), self._width.value())


def _number(tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(-1e7, 1e7)
    box.setDecimals(0)
    box.setKeyboardTracking(False)
    box.setToolTip(tip)
    box.setMinimumWidth(70)
    return box
