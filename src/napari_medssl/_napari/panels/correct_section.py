"""Correct and save: napari's own brush, eraser and fill on the mask, and the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.settings import get_settings
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog

from napari_medssl._napari.panels.section import Section, button

if TYPE_CHECKING:
    from qtpy.QtWidgets import QPushButton

_TOOLS = {
    "brush": ("Brush", "napari:activate_labels_paint_mode", "Paint with the current label"),
    "eraser": ("Eraser", "napari:activate_labels_erase_mode", "Rub the current label out"),
    "fill": ("Fill", "napari:activate_labels_fill_mode", "Give an area the current label"),
}
_KINDS = "NIfTI, compressed (*.nii.gz);;NIfTI (*.nii);;NRRD (*.nrrd);;MetaImage (*.mha)"


class CorrectSection(Section):
    """Tools on the mask, and undo."""

    tool_chosen = Signal(str)
    undo_asked = Signal()

    def __init__(self) -> None:
        super().__init__("4  Correct")
        self._tools: dict[str, QPushButton] = {}
        for tool, (text, action, tip) in _TOOLS.items():
            tip = f"{tip} ([ and ] change the size)"
            made = button(f"{text}  [{_key_of(action)}]", tip, checkable=True)
            made.clicked.connect(lambda on, t=tool: self.tool_chosen.emit(t if on else "look"))
            self._tools[tool] = made
        undo = button("Undo  [Ctrl+Z]", "Take back the last step on the mask")
        undo.clicked.connect(self.undo_asked)
        self.add_row(*self._tools.values())
        self.add_row(undo)

    def show_tool(self, tool: str) -> None:
        """Press the button of the tool in use."""
        for name, made in self._tools.items():
            made.setChecked(name == tool)


class SaveSection(Section):
    """Save the mask, or go on with a saved one."""

    save_asked = Signal()
    mask_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("5  Save")
        save = button("Save mask…", "On the image's own grid, with its labels beside it")
        open_mask = button("Open mask…", "Go on with a mask that was saved for this image")
        save.clicked.connect(self.save_asked)
        open_mask.clicked.connect(self._ask_mask)
        self.add_row(save, open_mask)

    def ask_save_path(self, suggested: str) -> str:
        """Ask where to save; empty when the question is closed."""
        path, _ = QFileDialog.getSaveFileName(self, "Save the mask", suggested, _KINDS)
        return str(path)

    def _ask_mask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a mask", "", "Masks (*.nii *.nii.gz *.nrrd *.mha)"
        )
        if path:
            self.mask_chosen.emit(path)


def _key_of(action: str) -> str:
    """The first key that napari, or the user in its settings, gives an action."""
    keys = get_settings().shortcuts.shortcuts.get(action, [])
    return str(keys[0]) if keys else "no key"
