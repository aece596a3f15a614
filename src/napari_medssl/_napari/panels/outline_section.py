"""Outline: mark what you want, look at the preview, keep it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal

from napari_medssl._napari.keys import KEYS
from napari_medssl._napari.panels.section import Section, button

if TYPE_CHECKING:
    from qtpy.QtWidgets import QPushButton, QWidget

_TOOLS = {
    "point": ("+ Point", "Click inside what you want to outline"),
    "not-point": ("\N{MINUS SIGN} Point", "Click what the outline should leave out"),
    "box": ("Box", "Drag a box around what you want to outline"),
}


class OutlineSection(Section):
    """Prompt tools, Keep and Discard."""

    tool_chosen = Signal(str)
    keep_asked = Signal()
    discard_asked = Signal()

    def __init__(self, engine: QWidget) -> None:
        super().__init__("4  Outline")
        self.body.addWidget(engine)
        self._tools: dict[str, QPushButton] = {}
        for tool, (text, tip) in _TOOLS.items():
            made = button(f"{text}  [{KEYS[tool]}]", tip, checkable=True)
            made.clicked.connect(lambda on, t=tool: self.tool_chosen.emit(t if on else "look"))
            self._tools[tool] = made
        self.add_row(*self._tools.values())
        self._keep = button(f"Keep  [{KEYS['keep']}]", "Put the preview into the mask")
        self._discard = button(f"Discard  [{KEYS['discard']}]", "Throw the preview away")
        self._keep.setStyleSheet(
            "QPushButton { padding: 4px 2px; } QPushButton:enabled "
            "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
        )
        self._keep.clicked.connect(self.keep_asked)
        self._discard.clicked.connect(self.discard_asked)
        self.add_row(self._keep, self._discard)
        self.allow_keep(False)
        self.allow_discard(False)

    def show_tool(self, tool: str) -> None:
        """Press the button of the tool in use."""
        for name, made in self._tools.items():
            made.setChecked(name == tool)

    def allow_keep(self, allowed: bool) -> None:
        """Whether there is an outline to keep."""
        self._keep.setEnabled(allowed)

    def allow_discard(self, allowed: bool) -> None:
        """Whether there is a point or a box to throw away."""
        self._discard.setEnabled(allowed)
