"""Export: choose what, choose as what, and see how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QLayout,
    QMessageBox,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from napari_medssl._napari.panels.section import button, side_by_side, words
from napari_medssl._napari.presenters.export import ExportPresenter
from napari_medssl._napari.threads import WorkThread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.export import Outcome
    from napari_medssl._napari.presenters.export_kinds import (
        ExportKind,
        ExportSource,
        FolderKind,
    )

_WARNING = "background-color: #5a4a1f; color: #ffe9b0; padding: 6px; border-radius: 3px;"
_PROBLEM = "color: #ff8a80;"
_SHOWN_REFUSALS = 4
_WIDTH = 460


class ExportDialog(QDialog):
    """One export after another, in a thread of its own.

    Parameters
    ----------
    parent : QWidget
        The panel that asks.
    sources : sequence of ExportSource
        What can be exported; at least one.
    """

    def __init__(self, parent: QWidget, sources: Sequence[ExportSource]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._what, self._kind = QComboBox(), QComboBox()
        self._names = QCheckBox("Take out names and dates")
        self._names.setToolTip(
            "Patient, people, places, dates and identifiers are taken out of what is written, or "
            "replaced; voxels stay as they are"
        )
        self._warning, self._tip, self._end = words(style=_WARNING), words(), words()
        self._bar = QProgressBar()
        self._start = button("Export…", "Choose where to write")
        self._stop = button("Stop", "End after what is being written; finished files stay")
        self._open = button("Open folder", "Show what was written")
        self._folder = Path()
        self._lay_out()
        self._work = WorkThread()
        self.presenter = ExportPresenter(self, self._work, sources)
        self._connect()
        self.presenter.start()

    def show_sources(self, titles: Sequence[str]) -> None:
        """Offer what can be exported."""
        self._what.clear()
        self._what.addItems(list(titles))

    def show_kinds(self, kinds: Sequence[ExportKind | FolderKind]) -> None:
        """Offer the ways to write it."""
        self._kind.clear()
        for number, kind in enumerate(kinds):
            self._kind.addItem(kind.title)
            self._kind.setItemData(number, kind.tip, Qt.ItemDataRole.ToolTipRole)

    def show_options(self, *, names: bool, warning: str) -> None:
        """Offer to take out names and dates or not; warn of what cannot be taken out."""
        tip = self._kind.currentData(Qt.ItemDataRole.ToolTipRole)
        self._tip.setText(f"{tip}.")
        self._names.setVisible(names)
        self._warning.setText(warning)
        self._warning.setVisible(bool(warning))

    def ask_file(self, suggested: str) -> str:
        """Ask for a file to write; empty when the question is closed."""
        path, _ = QFileDialog.getSaveFileName(self, "Export", str(Path.home() / suggested))
        return str(path)

    def ask_folder(self) -> str:
        """Ask for a folder to write into; empty when the question is closed."""
        return str(QFileDialog.getExistingDirectory(self, "Export into an empty folder"))

    def ask_replace(self, count: int) -> bool:
        """Ask whether so many files, or earlier exports, that are there may be replaced."""
        question = f"{count} of what would be written is there already. Replace it?"
        yes = QMessageBox.StandardButton.Yes
        return bool(QMessageBox.question(self, "Export", question) == yes)

    def show_progress(self, done: int, total: int) -> None:
        """Show how far it is; a total of 0 is not known yet."""
        self._work_begins(running=True)
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def show_end(self, outcome: Outcome, folder: Path) -> None:
        """Say what came of it, and offer to open the folder."""
        self._work_begins(running=False)
        lines = [str(outcome), *outcome.refused[:_SHOWN_REFUSALS]]
        if len(outcome.refused) > _SHOWN_REFUSALS:
            lines.append(f"and {len(outcome.refused) - _SHOWN_REFUSALS} more.")
        self._say("\n".join(lines), problem=bool(outcome.refused))
        self._folder = folder
        self._open.setVisible(outcome.written > 0)

    def show_failure(self, words: str) -> None:
        """Say why nothing could be written."""
        self._work_begins(running=False)
        self._say(words, problem=True)

    def _say(self, text: str, *, problem: bool) -> None:
        self._end.setStyleSheet(_PROBLEM if problem else "")
        self._end.setText(text)
        self._end.setVisible(bool(text))

    def _work_begins(self, *, running: bool) -> None:
        self._bar.setVisible(running)
        self._stop.setVisible(running)
        self._start.setVisible(not running)
        for part in (self._what, self._kind, self._names):
            part.setEnabled(not running)
        if running:
            self._open.hide()
            self._say("", problem=False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        for text, combo in (("What", self._what), ("As", self._kind)):
            combo.setMinimumHeight(combo.fontMetrics().height() + 10)
            column.addLayout(side_by_side(QLabel(text), combo))
        for part in (self._tip, self._names, self._warning, self._bar, self._end):
            part.setFixedWidth(_WIDTH)  # a text knows its height only for a known width
            column.addWidget(part)
        column.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        column.addLayout(side_by_side(self._start, self._stop, self._open))
        self._open.hide()
        self._work_begins(running=False)

    def _connect(self) -> None:
        to = self.presenter
        self._what.activated.connect(to.choose_source)
        self._kind.activated.connect(to.choose_kind)
        self._names.toggled.connect(to.take_out_names)
        self._start.clicked.connect(lambda: to.export())
        self._stop.clicked.connect(lambda: to.stop())
        self._open.clicked.connect(self._show_folder)
        self.finished.connect(lambda _: to.stop())  # nothing half-written is left
        self.finished.connect(lambda _: self._work.close())

    def _show_folder(self, _: Any = None) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
