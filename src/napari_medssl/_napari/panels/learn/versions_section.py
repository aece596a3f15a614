"""All models of the project, the newest first: choosing one shows its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from napari_medssl._napari.panels.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.learn.gate_facts import VersionRow

_ID = Qt.ItemDataRole.UserRole
_MOST_ROWS = 5


class VersionsSection(Section):
    """Hidden while there is no model."""

    version_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("All models of this project")
        self._list = QListWidget()
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.currentItemChanged.connect(self._on_chosen)
        self.body.addWidget(self._list)
        self._rows: tuple[VersionRow, ...] = ()
        self.hide()

    def show_versions(self, rows: Sequence[VersionRow], chosen: str) -> None:
        """List the models, the newest first, one of them chosen."""
        self._list.blockSignals(True)
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self._fill()
        for at in range(self._list.count()):
            if self._list.item(at).data(_ID) == chosen:
                self._list.setCurrentRow(at)
        self._list.blockSignals(False)

    def _fill(self) -> None:
        self._list.clear()
        for row in self._rows:
            item = QListWidgetItem(f"{row.title}\n{row.line}")
            item.setData(_ID, row.sha256)
            item.setToolTip(f"{row.title}\n{row.line}\nChoose it to see its figures, or go back")
            self._list.addItem(item)
        self.setVisible(bool(self._rows))
        high = max(self._list.sizeHintForRow(0), 2 * self._list.fontMetrics().lineSpacing())
        rows = min(len(self._rows), _MOST_ROWS)
        self._list.setFixedHeight(rows * high + 2 * self._list.frameWidth() + 4)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.version_chosen.emit(item.data(_ID))
