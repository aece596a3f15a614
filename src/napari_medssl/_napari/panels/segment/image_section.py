"""Image: open one, and read what it is in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QInputDialog, QLabel, QSpinBox, QWidget

from napari_medssl._napari.panels.section import Section, button, side_by_side, words

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTICE = "color: #ffb84d;"
_FEW = 2


class ImageSection(Section):
    """Shows the image in hand and asks for another."""

    path_chosen = Signal(str)
    reopen_asked = Signal()
    volume_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__("1  Image")
        open_file = button("Open file…", "NIfTI, NRRD, MHA, DICOM, PNG, JPEG or TIFF")
        open_folder = button("Open folder…", "A folder of DICOM files: the slices of a scan")
        open_file.clicked.connect(self.ask_file)
        open_folder.clicked.connect(self.ask_folder)
        self.add_row(open_file, open_folder)
        self._name = words(style="font-weight: bold;")
        self._words = words()
        self._notices = words(style=_NOTICE)
        self._notes: list[str] = []
        self._all_notes = button("", "What was assumed or found while reading", checkable=True)
        self._all_notes.toggled.connect(self._show_notes)
        self._reopen = button("Open it again here", "Read the file with its place in the patient")
        self._reopen.clicked.connect(self.reopen_asked)
        for widget in (self._name, self._words, self._notices, self._all_notes, self._reopen):
            self.body.addWidget(widget)
        self._number = QSpinBox()
        self._number.setKeyboardTracking(False)
        self._number.setToolTip("This file holds several volumes: which one to show")
        self._number.valueChanged.connect(lambda number: self.volume_chosen.emit(number - 1))
        self._of = QLabel()
        self._volumes = QWidget()
        self._volumes.setLayout(side_by_side(QLabel("Volume"), self._number, self._of))
        self.body.addWidget(self._volumes)
        self._show_notes()

    def ask_file(self) -> None:
        """Ask for an image file."""
        path, _ = QFileDialog.getOpenFileName(self, "Open an image")
        if path:
            self.path_chosen.emit(path)

    def ask_folder(self) -> None:
        """Ask for a folder of DICOM slices."""
        path = QFileDialog.getExistingDirectory(self, "Open a DICOM folder")
        if path:
            self.path_chosen.emit(path)

    def show_image(self, name: str, lines: Sequence[str], notices: Sequence[str]) -> None:
        """Show an image's name, what it is, and what was assumed about it."""
        self._name.setText(name)
        self._words.setText("\n".join(lines))
        self._words.setVisible(bool(lines))
        if list(notices) != self._notes:
            self._notes = list(notices)
            self._all_notes.setChecked(False)
            self._show_notes()

    def _show_notes(self) -> None:
        """Show the first notes, or all when asked: a long list would push the tools away."""
        every, count = self._all_notes.isChecked(), len(self._notes)
        shown = self._notes if every else self._notes[:_FEW]
        self._notices.setText("\n".join(f"⚠ {note}" for note in shown))
        self._notices.setVisible(bool(shown))
        self._all_notes.setText("Show fewer notes" if every else f"Show all {count} notes")
        self._all_notes.setVisible(count > _FEW)

    def show_volumes(self, current: int, count: int) -> None:
        """Offer the volumes of a 4-D file; hidden when there is one."""
        self._number.blockSignals(True)
        self._number.setRange(1, count)
        self._number.setValue(current + 1)
        self._number.blockSignals(False)
        self._of.setText(f"of {count}")
        self._volumes.setVisible(count > 1)

    def offer_reopen(self, offered: bool) -> None:
        """Offer to open again, with us, an image that another reader opened."""
        self._reopen.setVisible(offered)

    def choose_one(self, question: str, answers: Sequence[str]) -> int | None:
        """Let the user choose; None when the question is closed."""
        answer, chosen = QInputDialog.getItem(self, "Open", question, list(answers), 0, False)
        return list(answers).index(answer) if chosen else None
