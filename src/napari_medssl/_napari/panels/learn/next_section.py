"""Go on: run the model in use on the cases that are not done, and review the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QLabel, QListWidget, QListWidgetItem, QWidget

from napari_medssl._napari.panels.progress_row import ProgressRow
from napari_medssl._napari.panels.section import Section, button, narrow, side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.learn.review_next import ReviewRow

_TIP = "Each gets a proposal that waits for you, in the background, even when napari is closed"
_ORDERS = {"gain": "What teaches it most", "random": "At random"}
_ID = Qt.ItemDataRole.UserRole
_MOST_ROWS = 6


class NextSection(Section):
    """Hidden while no model is in use; ``found`` when a run has ended and there is a queue."""

    apply_asked = Signal()
    stop_asked = Signal()
    order_chosen = Signal(str)
    case_chosen = Signal(str)
    next_asked = Signal()
    found = Signal()

    def __init__(self) -> None:
        super().__init__("3  Go on with the other cases")
        self._ran = False
        self._apply = button("", _TIP)
        self._apply.clicked.connect(self.apply_asked)
        self._far = ProgressRow("Ends after the part in hand; finished cases stay")
        self._far.stop_asked.connect(self.stop_asked)
        self._order, self._list = narrow(QComboBox()), QListWidget()
        for key, title in _ORDERS.items():
            self._order.addItem(title, key)
        self._order.setToolTip(
            "What teaches it most comes first; a random order is what a fair comparison needs"
        )
        self._order.activated.connect(lambda _: self.order_chosen.emit(self._order.currentData()))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.itemActivated.connect(lambda item: self.case_chosen.emit(item.data(_ID)))
        self._next = button("Open the next case", "The first of the list; or double-click another")
        self._next.clicked.connect(self.next_asked)
        self._queue = QWidget()
        self._queue.setLayout(side_by_side(QLabel("Review first"), self._order))
        for part in (self._apply, self._far, self._queue, self._list, self._next):
            self.body.addWidget(part)
        self.show_apply("", may=False, there=False)
        self.show_queue(())

    def show_apply(self, text: str, *, may: bool, there: bool) -> None:
        """Offer to run on cases; nothing at all where no model is in use."""
        self._apply.setText(text)
        self._apply.setEnabled(may)
        self.setVisible(there)

    def show_applying(self, text: str, done: int, total: int, *, may_stop: bool) -> None:
        """Show how far the job is; a total of 0 is not known yet."""
        self._far.show_far(text, done, total, may_stop=may_stop)
        self._ran = True

    def show_not_applying(self) -> None:
        """No job runs a model on the project."""
        self._far.setVisible(False)
        self._tell_found()

    def show_queue(self, rows: Sequence[ReviewRow]) -> None:
        """List cases, the first to be reviewed first."""
        self._list.clear()
        for row in rows:
            item = QListWidgetItem(f"{row.name}\n{row.reason}")
            item.setData(_ID, row.case)
            item.setToolTip(f"{row.name}: {row.reason}")
            self._list.addItem(item)
        for part in (self._queue, self._list, self._next):
            part.setVisible(bool(rows))
        high = max(self._list.sizeHintForRow(0), 2 * self._list.fontMetrics().lineSpacing())
        shown = min(len(rows), _MOST_ROWS)
        self._list.setFixedHeight(shown * high + 2 * self._list.frameWidth() + 4)
        self._tell_found()

    def _tell_found(self) -> None:
        if self._ran and self._far.isHidden() and self._list.count():
            self._ran = False
            self.found.emit()
