"""Images: the open project's scans or a folder, and what is found there."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog

from napari_medssl._napari.panels.jobs.run_section import HEED
from napari_medssl._napari.panels.section import Section, button, narrow, say, words

_PROJECT = "The open project"
_GREY = "color: #9aa4b2;"
_NARROWEST = 340  # so that no row is cut when more comes
_TIP = Qt.ItemDataRole.ToolTipRole


class PretrainImagesSection(Section):
    """Tells where the images are: a folder, or None for the open project."""

    folder_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__("1  Images")
        self.setMinimumWidth(_NARROWEST)
        self._where = narrow(QComboBox())
        self._where.addItem(_PROJECT, None)
        self._where.setToolTip("All of its scans, done or not: no masks are looked at")
        self._where.activated.connect(lambda _: self._tell())
        choose = button("Choose a folder…", "Images in it and in the folders below")
        choose.clicked.connect(self._ask_folder)
        self.add_row(self._where, choose)
        self._found, self._heed, self._passed = words(), words(style=HEED), words(style=_GREY)
        for part in (self._found, self._heed, self._passed):
            self.body.addWidget(part)
        self.show_images("", "", "")

    def show_images(self, found: str, heed: str, passed_over: str) -> None:
        """Say what is there, what to heed, and what is left out."""
        say(self._found, found)
        say(self._heed, heed)
        say(self._passed, passed_over)

    def choose(self, folder: Path) -> None:
        """Take a folder; the project can be taken again."""
        while self._where.count() > 1:
            self._where.removeItem(1)
        self._where.addItem(f"Folder '{folder.name}'", str(folder))
        self._where.setItemData(1, str(folder), _TIP)
        self._where.setCurrentIndex(1)
        self._tell()

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder of images")
        if folder:
            self.choose(Path(folder))

    def _tell(self) -> None:
        folder = self._where.currentData()
        self.folder_chosen.emit(Path(folder) if folder else None)
