"""The top of the Project panel: which project, whether all is saved, and why it is read-only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QFileDialog, QLabel, QMessageBox, QVBoxLayout, QWidget

from napari_medssl._napari.panels.section import Section, button, side_by_side, words

if TYPE_CHECKING:
    from collections.abc import Sequence

_SLOW_MS = 250
_SAVED, _PROBLEM = "color: #7fd69b;", "color: #ff8a80; font-weight: bold;"
_BANNER = "background-color: #5a4a1f; color: #ffe9b0; padding: 6px; border-radius: 3px;"


class ProjectHeader(Section):
    """Make, open and close a project; the line that says whether all is on the disk."""

    create_asked = Signal(str)
    open_asked = Signal(str)
    recent_chosen = Signal(int)
    close_asked = Signal()
    retry_asked = Signal()
    again_asked = Signal()
    project_shown = Signal(bool)

    def __init__(self) -> None:
        super().__init__("Project")
        self._name = words(style="font-size: 14px; font-weight: bold;")
        self._saving = words()
        self._news = "", False
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SLOW_MS)
        self._slow.timeout.connect(self._show_news)
        self._retry = button("Retry", "Try again to write what is not on the disk yet")
        self._retry.clicked.connect(self.retry_asked)
        self._banner = words(style=_BANNER)
        self._again = button("Try again", "Open the project again; the other window must be closed")
        self._again.clicked.connect(self.again_asked)
        self._close = button("Close project", "All changes are saved first")
        self._close.clicked.connect(self.close_asked)
        self._recent = QWidget()
        self._recent_rows = QVBoxLayout(self._recent)
        self._recent_rows.setContentsMargins(0, 0, 0, 0)
        self._lay_out()
        self.show_project(None, "")

    def show_project(self, name: str | None, read_only: str) -> None:
        """Show which project is open, and why it cannot be changed (empty: it can)."""
        is_open = name is not None
        self._name.setText(name or "")
        for part in (self._name, self._saving, self._close):
            part.setVisible(is_open)
        self._start.setVisible(not is_open)
        self._banner.setText(f"{read_only} You can look, but not change anything.")
        self._banner.setVisible(bool(read_only))
        self._again.setVisible(bool(read_only))
        self._retry.hide()
        self._saving.clear()  # the next words are of this project: shown at once
        self.project_shown.emit(is_open)

    def show_recent(self, names: Sequence[str]) -> None:
        """Offer the projects opened last."""
        while self._recent_rows.count():
            self._recent_rows.takeAt(0).widget().deleteLater()
        if names:
            self._recent_rows.addWidget(QLabel("Recent"))
        for number, name in enumerate(names):
            made = button(name, "Open this project as it was left")
            made.clicked.connect(lambda _=False, n=number: self.recent_chosen.emit(n))
            self._recent_rows.addWidget(made)

    def show_saving(self, words: str, *, problem: bool) -> None:
        """Say whether all is on the disk; a problem comes with a button to try again.

        A problem is shown at once, all else when it has stood for a moment: a stroke is saved in
        less, and each change of words draws the whole window again while somebody paints.
        """
        if problem and not self._retry.isVisibleTo(self):
            show_error(words)  # the panel may lie behind another tab
        self._news = words, problem
        if problem or not self._saving.text():
            self._show_news()
        elif words == self._saving.text():
            self._slow.stop()
        elif not self._slow.isActive():
            self._slow.start()

    def _show_news(self) -> None:
        self._slow.stop()
        words, problem = self._news
        self._saving.setText(words)
        self._saving.setStyleSheet(_PROBLEM if problem else _SAVED)
        self._retry.setVisible(problem)

    def ask(self, question: str, answers: Sequence[str]) -> int | None:
        """Let the user choose a way on; None when the question is closed."""
        box = QMessageBox(self)
        box.setWindowTitle("MedSSL")
        box.setText(question)
        buttons = [box.addButton(a, QMessageBox.ButtonRole.AcceptRole) for a in answers]
        box.setDefaultButton(buttons[0])
        box.exec()
        chosen = box.clickedButton()
        return next((n for n, made in enumerate(buttons) if made is chosen), None)

    def ask_new(self) -> None:
        """Ask where the folder of a new project is to be made, and under which name."""
        wanted = str(Path.home() / "My project")
        folder, _ = QFileDialog.getSaveFileName(self, "Name the new project's folder", wanted)
        if folder:
            self.create_asked.emit(folder)

    def ask_open(self) -> None:
        """Ask for the folder of a project."""
        folder = QFileDialog.getExistingDirectory(self, "Open a project: choose its folder")
        if folder:
            self.open_asked.emit(folder)

    def _lay_out(self) -> None:
        new = button("New project…", "Makes a folder of its own; your images stay where they are")
        old = button("Open project…", "Go on exactly where you stopped")
        new.clicked.connect(self.ask_new)
        old.clicked.connect(self.ask_open)
        self._start = QWidget()
        start = QVBoxLayout(self._start)
        start.setContentsMargins(0, 0, 0, 0)
        start.addLayout(side_by_side(new, old))
        start.addWidget(self._recent)
        self.body.addWidget(self._start)
        self.add_row(self._name, self._close)
        self.add_row(self._saving, self._retry)
        self.body.addWidget(self._banner)
        self.body.addWidget(self._again)
