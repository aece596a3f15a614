"""A titled part of a panel, and the look that all parts share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QShowEvent


_BELOW = 8
#: in which pictures of a panel have come and are laid out
_SETTLED_MS = 600
_BAR_MARGIN = 2  # of napari's scroll bars, which their size does not tell


class Section(QWidget):
    """A heading with things under it; ``body`` takes widgets and rows from top to bottom."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 4)
        self.body.setSpacing(5)
        heading = QLabel(title)
        heading.setStyleSheet("font-weight: bold; font-size: 13px; padding-top: 2px;")
        self.body.addWidget(heading)

    def add_row(self, *widgets: QWidget) -> None:
        """Add widgets side by side."""
        self.body.addLayout(side_by_side(*widgets))


def side_by_side(*widgets: QWidget) -> QHBoxLayout:
    """Lay widgets in a row; what is not a plain text shares the room that is left."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget, 0 if isinstance(widget, QLabel) else 1)
    return row


def button(text: str, tip: str, *, checkable: bool = False) -> QPushButton:
    """Make a push button as wide as its row allows."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setCheckable(checkable)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    made.setMinimumWidth(made.fontMetrics().horizontalAdvance(text) + 12)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys go on to the canvas
    checked = "QPushButton:checked { background-color: #4a7bd0; color: white; }"
    made.setStyleSheet(f"QPushButton {{ padding: 4px 2px; }} {checked if checkable else ''}")
    return made


def separator() -> QFrame:
    """Draw a thin line between sections."""
    line = QFrame()
    line.setFixedHeight(1)
    line.setStyleSheet("background-color: #4b5563;")
    return line


class Scroll(QScrollArea):
    """Scrolls up and down only: it asks for the whole width of what is inside."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self._inside = inside
        self._revealed: QWidget | None = None
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.timeout.connect(self._reveal_again)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the width again: napari's fonts and paddings are only known when shown."""
        super().showEvent(event)
        self._ask_for_width()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Ask for the width again: what has come meanwhile may be wider."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self._inside:
            self._ask_for_width()
        return bool(super().eventFilter(watched, event))

    def reveal(self, part: QWidget) -> None:
        """Scroll so far that a part that has just grown is seen whole.

        Once it is laid out, and again a moment later: pictures above it may have come meanwhile.
        """
        self._revealed = part
        QTimer.singleShot(0, lambda: self.ensureWidgetVisible(part, 0, _BELOW))
        self._settled.start(_SETTLED_MS)

    def _reveal_again(self) -> None:
        if self._revealed is not None and self._revealed.isVisibleTo(self):
            self.ensureWidgetVisible(self._revealed, 0, _BELOW)
        self._revealed = None

    def _ask_for_width(self) -> None:
        wide = self.minimumSizeHint().width()
        if wide != self.minimumWidth():
            self.setMinimumWidth(wide)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide enough for the widest row and the scroll bar."""
        bar = self.verticalScrollBar().sizeHint().width() + _BAR_MARGIN
        return QSize(self._inside.minimumSizeHint().width() + bar, 120)


def narrow(combo: QComboBox) -> QComboBox:
    """Let a combo box be narrower than its longest entry."""
    policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    combo.setSizeAdjustPolicy(policy)
    combo.setMinimumContentsLength(8)
    return combo


def form(rows: Mapping[str, QWidget]) -> QWidget:
    """Lay settings under each other, each with its name before it."""
    made = QWidget()
    inside = QFormLayout(made)
    inside.setContentsMargins(0, 0, 0, 0)
    inside.setSpacing(4)
    for name, box in rows.items():
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        inside.addRow(name, box)
        label = inside.labelForField(box)
        if label is not None:  # a name may be empty
            label.setToolTip(box.toolTip())
    return made


def say(label: QLabel, text: str) -> None:
    """Show a text; without one the label takes no room."""
    label.setText(text)
    label.setVisible(bool(text))


def words(text: str = "", *, style: str = "") -> QLabel:
    """Make a text that breaks into as many lines as it needs."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setStyleSheet(style)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
