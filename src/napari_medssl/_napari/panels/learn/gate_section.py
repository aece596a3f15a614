"""Is it better: the verdict on the model looked at, its figures, its cases, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QListWidget, QListWidgetItem, QWidget

from napari_medssl._napari.comparison_layer import COLOURS
from napari_medssl._napari.panels.learn.gate_table import GateTable
from napari_medssl._napari.panels.learn.interval import Interval
from napari_medssl._napari.panels.question import ask
from napari_medssl._napari.panels.section import Section, button, side_by_side, words
from napari_medssl._napari.presenters.learn.comparison import BOTH, NEW, OLD

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.learn.gate_facts import GateCase, GateFacts

_VERDICTS = {
    "better": "background-color: #1f4a33; color: #c9f7dc;",
    "not better": "background-color: #5c2b29; color: #ffd7d2;",
}
_OTHER, _BOX = "background-color: #5a4a1f; color: #ffe9b0;", " padding: 6px; border-radius: 3px;"
_USE, _ANYWAY = "Use it from now on", "Use it anyway…"
_GREEN = (
    "QPushButton { padding: 4px 2px; } QPushButton:enabled "
    "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
)
_PLAIN = "QPushButton { padding: 4px 2px; }"
_ASK_ANYWAY = (
    "Use a model that was not found to be better?",
    "It is in use from then on. You can go back to an earlier model at any time.",
)
_GREY = "color: #9aa4b2;"
_IN_USE = "the model in use"
_FIRST = (
    "No model was in use to compare it with. What places alone tell is the likeliest mask, laid "
    "over the image without looking at it: by the cases learned from, or by the other patients who "
    "judge, whichever is nearer to the truth."
)
_MOST_ROWS = 5
_ID = Qt.ItemDataRole.UserRole


class GateSection(Section):
    """Tells what the user decides, and which judged case is to be looked at.

    ``asks`` when a model begins to wait for a decision, ``taken`` when that was to use it.
    """

    decided = Signal(str)
    case_chosen = Signal(str)
    hide_asked = Signal()
    asks = Signal()
    taken = Signal()

    def __init__(self) -> None:
        super().__init__("2  Is it better?")
        self._facts: GateFacts | None = None
        self._heading, self._verdict = words(style="font-weight: bold;"), words()
        self._interval, self._table = Interval(), GateTable()
        self._cases_words, self._cases = words(style=_GREY), QListWidget()
        self._cases.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._cases.itemActivated.connect(self._on_case)
        self._cases.itemClicked.connect(self._on_case)
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        self._hide = button("Hide outlines", "Takes both models' outlines off the image")
        self._hide.clicked.connect(self.hide_asked)
        # what is decided stands by the verdict, in sight before anything is scrolled
        for part in (self._heading, self._verdict, self._interval, self._make_decisions()):
            self.body.addWidget(part)
        for part in (self._table, self._cases_words, self._cases, self._legend, self._hide):
            self.body.addWidget(part)
        self.show_gate(None)
        self.show_comparing("")

    def show_gate(self, facts: GateFacts | None) -> None:
        """Show its verdict, figures and cases, and what can be decided; None: no model."""
        self.setVisible(facts is not None)
        if facts is None or facts == self._facts:
            self._facts = facts
            return
        before, self._facts = self._facts, facts
        self._heading.setText(facts.heading)
        self._verdict.setText(facts.words)
        self._verdict.setStyleSheet(_VERDICTS.get(facts.kind, _OTHER) + _BOX)
        self._interval.setVisible(facts.difference is not None)
        if facts.difference is not None:
            self._interval.show_difference(*facts.difference[:3], facts.kind)
        self._table.show_lines(facts.lines)
        self._heading.setToolTip(facts.start)
        self._verdict.setToolTip("" if facts.old_name == _IN_USE else _FIRST)
        self._show_cases(facts.cases)
        self._show_legend(facts.old_name)
        self._show_decisions(facts)
        same = before is not None and before.sha256 == facts.sha256
        if facts.state == "candidate" and not same:
            self.asks.emit()
        elif facts.state == "current" and same:
            self.taken.emit()

    def show_comparing(self, case: str) -> None:
        """Tell which case's outlines are shown; empty for none."""
        for part in (self._legend, self._hide):
            part.setVisible(bool(case))
        for row in range(self._cases.count()):
            item = self._cases.item(row)
            item.setSelected(item.data(_ID) == case)

    def _show_cases(self, cases: tuple[GateCase, ...]) -> None:
        self._cases.clear()
        for case in cases:
            item = QListWidgetItem(f"{case.gained:+.3f}   {case.name}")
            item.setData(_ID, case.id)
            item.setToolTip("Opens this case and draws both models' outlines over it")
            self._cases.addItem(item)
        for part in (self._cases_words, self._cases):
            part.setVisible(bool(cases))
        self._cases_words.setText("Cases that judged, the worst first. Click one to see both:")
        high = max(self._cases.sizeHintForRow(0), self._cases.fontMetrics().lineSpacing())
        rows = min(len(cases), _MOST_ROWS)
        self._cases.setFixedHeight(rows * high + 2 * self._cases.frameWidth() + 4)

    def _show_legend(self, old_name: str) -> None:
        names = {OLD: old_name, NEW: "the new model", BOTH: "both alike"}
        squares = (
            f"<span style='color: {COLOURS[code]}'>\N{BLACK SQUARE}</span> {name}"
            for code, name in names.items()
        )
        self._legend.setText(" &nbsp; ".join(squares))

    def _make_decisions(self) -> QWidget:
        self._use = button(_USE, "Takes the place of the model in use; you can go back to that one")
        self._use.clicked.connect(self._on_use)
        self._reject = button("Do not use it", "Nothing changes; its file is kept")
        self._keep = button("Keep both", "Kept beside the one in use, which stays in use")
        self._back = button("Go back to this one", "In use again, in place of the one in use now")
        self._reject.clicked.connect(lambda: self.decided.emit("reject"))
        self._keep.clicked.connect(lambda: self.decided.emit("keep"))
        self._back.clicked.connect(lambda: self.decided.emit("go back"))
        made = QWidget()
        made.setLayout(side_by_side(self._use, self._reject, self._keep, self._back))
        return made

    def _show_decisions(self, facts: GateFacts) -> None:
        waits = facts.state in ("candidate", "kept", "rejected")
        self._use.setText(_USE if facts.is_proposed else _ANYWAY)
        self._use.setStyleSheet(_GREEN if facts.is_proposed else _PLAIN)
        self._use.setMinimumWidth(self._use.fontMetrics().horizontalAdvance(self._use.text()) + 16)
        self._use.setVisible(waits)
        self._reject.setVisible(facts.state in ("candidate", "kept"))
        self._keep.setVisible(facts.state in ("candidate", "rejected"))
        self._back.setVisible(facts.state == "former")

    def _on_use(self) -> None:
        if self._facts is not None and self._facts.is_proposed:
            self.decided.emit("use")
        else:
            ask(self, *_ASK_ANYWAY, "Use it anyway", lambda: self.decided.emit("use anyway"))

    def _on_case(self, item: QListWidgetItem) -> None:
        self.case_chosen.emit(item.data(_ID))
