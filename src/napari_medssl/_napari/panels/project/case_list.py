"""The list of cases in the Project panel, and what can be done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_medssl._napari.keys import CASE_KEYS
from napari_medssl._napari.panels.project.case_table import CaseTable, CaseTableView
from napari_medssl._napari.panels.section import Section, button, side_by_side, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.project import Case

_FILTERS = {"": "All", "new": "New", "in work": "In work", "done": "Done", "flagged": "Flagged"}
_IMAGES = (
    "Images (*.nii *.nii.gz *.hdr *.nrrd *.nhdr *.mha *.mhd *.dcm *.png *.jpg *.jpeg *.tif *.tiff)"
    ";;All files (*)"
)


class CaseList(Section):
    """Open cases, walk through them, say how far each is, add more."""

    open_asked = Signal(str)
    opened = Signal()
    step_asked = Signal(int)
    status_asked = Signal(list, str)
    filter_chosen = Signal(str)
    paths_chosen = Signal(list)
    find_chosen = Signal(str, str)
    export_asked = Signal()
    learn_asked = Signal()

    def __init__(self) -> None:
        super().__init__("Cases")
        self._counts = words()
        self._filter = QComboBox()
        self._filter.setToolTip("Which cases are listed")
        for status, text in _FILTERS.items():
            self._filter.addItem(text, status)
        self._filter.activated.connect(
            lambda _: self.filter_chosen.emit(self._filter.currentData())
        )
        self._model = CaseTable()
        self._table = CaseTableView(self._model)
        self._table.row_opened.connect(self._open)
        self._lost: str | None = None
        self._find = self._make_find()
        self._adding = QProgressBar()
        self._adding.hide()
        self._changes: list[QPushButton] = []
        self._lay_out()

    def show_cases(self, cases: Sequence[Case]) -> None:
        """List these cases and no others."""
        self._model.show_cases(cases)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Say how many cases there are of each status."""
        total = sum(counts.values())
        done = f"{counts.get('done', 0)} of {total} done"
        self._counts.setText(done if total else "No cases yet. Add images or a folder.")
        for at in range(self._filter.count()):
            status = self._filter.itemData(at)
            number = counts.get(status, 0) if status else total
            self._filter.setItemText(at, f"{_FILTERS[status]} ({number})")

    def allow_changes(self, allowed: bool) -> None:
        """Whether cases may be added and their status changed."""
        for made in self._changes:
            made.setEnabled(allowed)

    def mark_open(self, case: str | None) -> None:
        """Show which case is open, and select it."""
        self._model.mark_open(case)
        row = self._model.row_of(case)
        if row is not None:
            self._table.selectRow(row)
        if case is not None:
            self.opened.emit()

    def offer_find(self, case: str | None) -> None:
        """Offer to find the image of a case again; None takes the offer away."""
        self._lost = case
        self._find.setVisible(case is not None)

    def ask_note(self, name: str, note: str) -> str | None:
        """Ask why a case is flagged; None when the question is closed."""
        text, chosen = QInputDialog.getText(self, "Flag", f"Why is '{name}' flagged?", text=note)
        return str(text) if chosen else None

    def show_adding(self, done: int, total: int) -> None:
        """Show how many images were looked at."""
        self._adding.setRange(0, total)
        self._adding.setValue(done)
        self._adding.setFormat(f"{done} of {total} images looked at")
        self._adding.show()

    def show_report(self, words: str, refused: Sequence[str]) -> None:
        """Show what was added and, a line each, what was refused and why."""
        self._adding.hide()
        if not refused:
            return
        box = QMessageBox(QMessageBox.Icon.Information, "Add", words, parent=self)
        box.setInformativeText("\n".join(refused[:3]))
        if len(refused) > 3:
            box.setDetailedText("\n".join(refused))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _make_find(self) -> QWidget:
        row = QWidget()
        file = button("Find the file…", "Show where the image of this case is now")
        folder = button("Find its folder…", "Of a DICOM series, or any folder above the image")
        file.clicked.connect(self._ask_file)
        folder.clicked.connect(self._ask_place)
        row.setLayout(side_by_side(file, folder))
        row.hide()
        return row

    def _lay_out(self) -> None:
        self.add_row(self._counts, self._filter)
        self.body.addWidget(self._table, 1)
        self.body.addWidget(self._find)
        self.body.addWidget(self._adding)
        previous = button(
            f"Previous  [{CASE_KEYS['previous-case']}]", "Open the case before, as listed"
        )
        following = button(f"Next  [{CASE_KEYS['next-case']}]", "Open the next case, as listed")
        previous.clicked.connect(lambda: self.step_asked.emit(-1))
        following.clicked.connect(lambda: self.step_asked.emit(1))
        self.add_row(previous, following)
        self.add_row(
            self._status_button("Done", "done", "The selected cases are finished"),
            self._status_button("Flag…", "flagged", "Something is to be asked about; with a note"),
            self._status_button("In work", "in work", "The selected cases are not finished yet"),
        )
        images = self._change("Add images…", "Files that are cases; they stay where they are")
        folder = self._change("Add folder…", "Every image and DICOM series below a folder")
        images.clicked.connect(self._ask_images)
        folder.clicked.connect(self._ask_folder)
        self.add_row(images, folder)
        export = button("Export…", "Masks, DICOM, training sets, films and reports")
        export.clicked.connect(self.export_asked)
        self.add_row(export)
        learn = button("Learn from my corrections…", "A network learns from what is done")
        learn.clicked.connect(self.learn_asked)
        self.add_row(learn)

    def _status_button(self, text: str, status: str, tip: str) -> QPushButton:
        made = self._change(text, tip)
        made.clicked.connect(lambda: self.status_asked.emit(self._selected(), status))
        return made

    def _change(self, text: str, tip: str) -> QPushButton:
        self._changes.append(button(text, tip))
        return self._changes[-1]

    def _selected(self) -> list[str]:
        return [
            self._model.id_at(index.row()) for index in self._table.selectionModel().selectedRows()
        ]

    def _open(self, row: int) -> None:
        if row >= 0:
            self.open_asked.emit(self._model.id_at(row))

    def _ask_images(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Add images", "", _IMAGES)
        self.paths_chosen.emit(list(paths))

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Add every image below a folder")
        self.paths_chosen.emit([folder] if folder else [])

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Where is the image of this case?", "", _IMAGES)
        self._found(path)

    def _ask_place(self) -> None:
        self._found(QFileDialog.getExistingDirectory(self, "Below which folder is the image?"))

    def _found(self, path: str) -> None:
        if path and self._lost is not None:
            self.find_chosen.emit(self._lost, path)
