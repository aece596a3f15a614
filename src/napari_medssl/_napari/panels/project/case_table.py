"""The cases as a table: name, status, kind of image, slices done, and a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QRect, Qt, Signal
from qtpy.QtGui import QBrush, QColor, QFont, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QKeyEvent

    from napari_medssl.project import Case

#: status -> colour of its dot; told apart by its word too
STATUS_COLOURS = {
    "new": "#9aa4b2",
    "in work": "#5aa9ff",
    "done": "#5fcf80",
    "flagged": "#ffb547",
}
_COLUMNS = (
    ("Case", "Name of the image"),
    ("Status", "New, in work, done or flagged"),
    ("Kind", "CT, MR, US (ultrasound), PT (PET), or OT (other)"),
    ("Slices", "How many slices are marked as done"),
    ("Note", "Why a case is flagged"),
)
_DOT = 10
_WIDTHS = (124, 78, 40, 46)  # the note takes the rest
_NARROWEST = 360  # all columns and some words of a note


class CaseTableView(QTableView):
    """Tells of a double click on a row, and of the Enter key."""

    row_opened = Signal(int)

    def __init__(self, model: CaseTable) -> None:
        super().__init__()
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setMinimumSize(_NARROWEST, 160)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(len(_WIDTHS), QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, width)
        self.doubleClicked.connect(lambda index: self.row_opened.emit(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open the row on Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.row_opened.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)


class CaseTable(QAbstractTableModel):
    """The rows of the list, read-only."""

    def __init__(self) -> None:
        super().__init__()
        self._cases: tuple[Case, ...] = ()
        self._open: str | None = None
        self._dots = {status: _dot(colour) for status, colour in STATUS_COLOURS.items()}

    def show_cases(self, cases: Sequence[Case]) -> None:
        """Take other rows; rows that stay keep their selection."""
        if [c.id for c in cases] == [c.id for c in self._cases]:
            self._cases = tuple(cases)
            self._tell_all()
        else:
            self.beginResetModel()
            self._cases = tuple(cases)
            self.endResetModel()

    def mark_open(self, case: str | None) -> None:
        """Show which case is open."""
        self._open = case
        self._tell_all()

    def id_at(self, row: int) -> str:
        """Return the id of the case in a row."""
        return self._cases[row].id

    def row_of(self, case: str | None) -> int | None:
        """Return the row of a case; None where it is not listed."""
        return next((n for n, c in enumerate(self._cases) if c.id == case), None)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 - Qt's name
        """Qt asks."""
        return len(self._cases)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 - Qt's name
        """Qt asks."""
        return len(_COLUMNS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Qt asks."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return _COLUMNS[section][0]
            if role == Qt.ItemDataRole.ToolTipRole:
                return _COLUMNS[section][1]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt asks."""
        case = self._cases[index.row()]
        is_open = case.id == self._open
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(case, is_open=is_open)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 1:
            return self._dots[case.status]
        if role == Qt.ItemDataRole.ToolTipRole:
            return case.note if index.column() == 4 else f"{case.name}: press Enter to open it"
        if role == Qt.ItemDataRole.FontRole and is_open:
            bold = QFont()
            bold.setBold(True)
            return bold
        return None

    def _tell_all(self) -> None:
        if self._cases:
            last = self.index(len(self._cases) - 1, len(_COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)


def _texts(case: Case, *, is_open: bool) -> tuple[str, ...]:
    name = f"\N{BLACK RIGHT-POINTING SMALL TRIANGLE} {case.name}" if is_open else case.name
    return name, case.status, case.modality, str(case.done_slices or ""), case.note


def _dot(colour: str) -> QIcon:
    picture = QPixmap(_DOT, _DOT)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(QColor(colour)))
        painter.drawEllipse(QRect(0, 0, _DOT, _DOT))
    return QIcon(picture)
