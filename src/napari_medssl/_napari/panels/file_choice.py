"""A file that may be chosen, or none: its name on a button, and a second one that forgets it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_medssl._napari.panels.section import button, side_by_side


class FileChoice(QWidget):
    """Tells which file was chosen.

    Parameters
    ----------
    none, tip : str
        What the button says without a file, and its tip.
    forget : str
        Tip of the button that forgets the file.
    title, kinds : str
        Of the dialog: its title, and Qt's filter of names.
    """

    changed = Signal()

    def __init__(self, none: str, tip: str, forget: str, title: str, kinds: str) -> None:
        super().__init__()
        self._none, self._title, self._kinds = none, title, kinds
        self.path: Path | None = None
        self._choose, self._forget = button(none, tip), button("None", forget)
        self._choose.clicked.connect(self._ask)
        self._forget.clicked.connect(lambda: self.take(None))
        self._forget.hide()
        self.setLayout(side_by_side(self._choose, self._forget))

    def take(self, path: Path | None) -> None:
        """Take a file, or none."""
        self.path = path
        self._choose.setText(path.name if path is not None else self._none)
        self._forget.setVisible(path is not None)
        self.changed.emit()

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self._title, "", self._kinds)
        if path:
            self.take(Path(path))
