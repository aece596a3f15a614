"""The chosen job: how far it is, what it measured and made, and what can be done with it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QFontDatabase
from qtpy.QtWidgets import QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from napari_medssl._napari.panels.jobs.curves import Curves
from napari_medssl._napari.panels.jobs.preview import Preview
from napari_medssl._napari.panels.question import ask
from napari_medssl._napari.panels.section import button, side_by_side, words

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.jobs.story import Story
    from napari_medssl._napari.presenters.jobs.words import JobFacts

_WARNING = "background-color: #5a4a1f; color: #ffe9b0; padding: 6px; border-radius: 3px;"
_STOP, _END = "Stop and keep the best", "End it now"
_ASK_STOP = (
    "Stop the job?",
    "It stops after the step in hand and keeps the best so far. You can resume it later.",
)
_ASK_END = (
    "End the job at once?",
    "What it has saved is kept; what it did since then is lost. You can resume it later.",
)
_FAILURE = "background-color: #5c2b29; color: #ffd7d2; padding: 6px; border-radius: 3px;"
_GREY = "color: #9aa4b2;"
_NONE = (
    "There is no job yet. What takes longer than seconds, such as training, runs as a job: it goes "
    "on when the window is closed, and is found here again."
)
_SHOWN_WARNINGS = 4
_LOG_HIGH = 160
_WIDE = 340  # so that the diagrams and the longest row of buttons have room


class JobDetailSection(QWidget):
    """Everything about one job, from top to bottom; the log is folded away."""

    stop_asked = Signal()
    resume_asked = Signal()
    remove_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._facts: JobFacts | None = None
        self._title = words(style="font-weight: bold; font-size: 13px;")
        self._sentence, self._message = words(), words()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self._warnings, self._numbers = words(style=_WARNING), words(style=_GREY)
        self._notes = words(style=_GREY)
        self._notes.hide()
        self._numbers.setTextFormat(Qt.TextFormat.RichText)
        self._curves = Curves()
        self._preview = Preview(_WIDE)
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setFixedHeight(_LOG_HIGH)
        self._log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._log.hide()
        self._unfold = button("Log", "What the job printed", checkable=True)
        self._unfold.toggled.connect(self._log.setVisible)
        self._curved: frozenset[str] = frozenset()  # what the diagrams tell already
        self._lay_out()
        self.setMinimumWidth(_WIDE)
        self.show_job(None)

    def show_job(self, facts: JobFacts | None) -> None:
        """Show how it is; None: there is no job."""
        self._facts = facts
        for part in (self._buttons, self._unfold):
            part.setVisible(facts is not None)
        if facts is None:
            self._title.setText("")
            self._sentence.setText(_NONE)
            for part in (self._title, self._bar, self._message, self._warnings, self._numbers):
                part.hide()
            return
        self._title.show()
        self._title.setText(facts.title)
        self._sentence.setText(facts.sentence)
        self._bar.setVisible(facts.may_stop or bool(facts.far and facts.may_resume))
        self._bar.setRange(0, 1000 if facts.far is not None or facts.state != "running" else 0)
        self._bar.setValue(facts.far or 0)
        self._message.setText(facts.message)
        self._message.setVisible(bool(facts.message))
        self._message.setStyleSheet(_FAILURE if facts.state == "failed" else _WARNING)
        self._show_warnings(facts)
        self._show_numbers()
        self._stop.setVisible(facts.may_stop)
        self._stop.setText(_END if facts.stopping else _STOP)
        self._resume.setVisible(facts.may_resume)
        self._remove.setVisible(facts.may_remove)

    def show_story(self, story: Story) -> None:
        """Show its curves, its newest picture and the end of its log."""
        self._curves.show_curves(story.curves)
        drawn = (one for of in story.curves.values() for one in of if len(one.steps) > 1)
        self._curved = frozenset(one.name for one in drawn if one.about != "other")
        self._show_numbers()
        self._preview.show_picture(story.picture)
        self._notes.setText("\n".join(story.notes))
        self._notes.setVisible(bool(story.notes))
        if story.log != self._log.toPlainText():
            bar = self._log.verticalScrollBar()
            at_end = bar.value() == bar.maximum()
            self._log.setPlainText(story.log)
            if at_end:
                bar.setValue(bar.maximum())
        self._unfold.setEnabled(bool(story.log))

    def _show_numbers(self) -> None:
        told = self._facts.numbers if self._facts is not None else ()
        rows = [(name, value) for name, value in told if name not in self._curved]
        lines = (f"{escape(name)} <b>{escape(value)}</b>" for name, value in rows)
        self._numbers.setText(" &nbsp; ".join(_unbroken(line) for line in lines))
        self._numbers.setVisible(bool(rows))

    def _show_warnings(self, facts: JobFacts) -> None:
        shown = list(dict.fromkeys(facts.warnings))
        more = len(shown) - _SHOWN_WARNINGS
        lines = shown[-_SHOWN_WARNINGS:] + ([f"And {more} more; see the log."] if more > 0 else [])
        self._warnings.setText("\n".join(lines))
        self._warnings.setVisible(bool(shown))

    def _lay_out(self) -> None:
        self._stop = button(_STOP, "Asks before it does")
        self._resume = button("Resume", "Goes on where it was left, to the same result")
        self._open = button("Open folder", "Shows what the job has made, in the file manager")
        self._remove = button("Remove from list…", "Asks before it does")
        self._stop.clicked.connect(self._ask_stop)
        self._resume.clicked.connect(self.resume_asked)
        self._open.clicked.connect(self._open_folder)
        self._remove.clicked.connect(self._ask_remove)
        self._buttons = QWidget()
        self._buttons.setLayout(side_by_side(self._stop, self._resume, self._open, self._remove))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for part in (self._title, self._sentence, self._bar, self._message, self._buttons):
            column.addWidget(part)
        for part in (self._warnings, self._notes, self._curves, self._preview):
            column.addWidget(part)
        for part in (self._numbers, self._unfold, self._log):
            column.addWidget(part)

    def _ask_stop(self) -> None:
        stopping = self._facts is not None and self._facts.stopping
        question, words = _ASK_END if stopping else _ASK_STOP
        ask(self, question, words, self._stop.text(), self.stop_asked.emit)

    def _ask_remove(self) -> None:
        facts = self._facts
        if facts is None:
            return
        what = "Its folder is deleted, with everything the job has made."
        if not facts.is_inside:
            what = f"Its folder '{facts.folder.name}' stays where it is."
        question = f"Remove '{facts.title}' from the list?"
        ask(self, question, what, "Remove", self.remove_asked.emit)

    def _open_folder(self) -> None:
        if self._facts is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._facts.folder)))


def _unbroken(line: str) -> str:
    return line.replace(" ", "&nbsp;")
