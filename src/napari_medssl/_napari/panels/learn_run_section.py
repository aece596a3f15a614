"""While it learns: how far it is, how well, and stopping, going on or judging what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar

from napari_medssl._napari.panels.curves import Curves
from napari_medssl._napari.panels.preview import Preview
from napari_medssl._napari.panels.question import ask
from napari_medssl._napari.panels.section import Section, button, words

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.job_story import Story
    from napari_medssl._napari.presenters.job_words import JobFacts

_HEED = "background-color: #5a4a1f; color: #ffe9b0; padding: 6px; border-radius: 3px;"
_FAILURE = "background-color: #5c2b29; color: #ffd7d2; padding: 6px; border-radius: 3px;"
_STOP, _END = "Stop and keep the best", "End it now"
_ASK = {
    _STOP: "It stops after the step in hand. Then you can let it be judged, or let it go on.",
    _END: "What it has saved is kept; what it did since then is lost. You can let it go on later.",
}
_WIDE = 340


class LearnRunSection(Section):
    """Hidden where nothing learns, and nothing was left unfinished."""

    stop_asked = Signal()
    go_on_asked = Signal()
    judge_asked = Signal()
    jobs_asked = Signal()

    def __init__(self) -> None:
        super().__init__("While it learns")
        self._sentence, self._message = words(), words()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self._stop = button(_STOP, "Asks before it does")
        self._go_on = button("Go on learning", "Where it was left, to the same result")
        self._judge = button("Judge what it learned", "Learns no more, and measures what there is")
        jobs = button("Show jobs", "All that runs in the background, with warnings and logs")
        self._curves, self._preview = Curves(), Preview(_WIDE)
        self._stop.clicked.connect(self._ask_stop)
        self._go_on.clicked.connect(self.go_on_asked)
        self._judge.clicked.connect(self.judge_asked)
        jobs.clicked.connect(self.jobs_asked)
        for part in (self._sentence, self._bar, self._message):
            self.body.addWidget(part)
        self.add_row(self._stop, self._go_on, jobs)
        for part in (self._judge, self._curves, self._preview):
            self.body.addWidget(part)
        self.show_run(None, may_judge=False)

    def show_run(self, facts: JobFacts | None, *, may_judge: bool) -> None:
        """Show how it is; None: nothing learns, and nothing was left unfinished."""
        self.setVisible(facts is not None)
        if facts is None:
            return
        self._sentence.setText(facts.sentence)
        known = facts.far is not None or facts.state != "running"
        self._bar.setRange(0, 1000 if known else 0)
        self._bar.setValue(facts.far or 0)
        self._message.setText("\n".join((facts.message, *facts.warnings[-2:])).strip())
        self._message.setVisible(bool(self._message.text()))
        self._message.setStyleSheet(_FAILURE if facts.state == "failed" else _HEED)
        self._stop.setVisible(facts.may_stop)
        self._stop.setText(_END if facts.stopping else _STOP)
        self._go_on.setVisible(facts.may_resume)
        self._judge.setVisible(may_judge)

    def show_story(self, story: Story) -> None:
        """Show its curves and its newest picture."""
        self._curves.show_curves(story.curves)
        self._preview.show_picture(story.picture)

    def _ask_stop(self) -> None:
        what = self._stop.text()
        ask(self, f"{what}?", _ASK[what], what, self.stop_asked.emit)
