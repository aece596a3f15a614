"""A job at work: how far it is, how well, and stopping it or letting it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar

from napari_medssl._napari.panels.jobs.curves import Curves
from napari_medssl._napari.panels.jobs.preview import Preview
from napari_medssl._napari.panels.question import ask
from napari_medssl._napari.panels.section import Section, button, words

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.jobs.story import Story
    from napari_medssl._napari.presenters.jobs.words import JobFacts

HEED = "background-color: #5a4a1f; color: #ffe9b0; padding: 6px; border-radius: 3px;"
_FAILURE = "background-color: #5c2b29; color: #ffd7d2; padding: 6px; border-radius: 3px;"
_STOP, _END = "Stop and keep the best", "End it now"
_ENDS = "What it has saved is kept; what it did since then is lost. You can let it go on later."
_WIDE = 340


class JobRunSection(Section):
    """Hidden where there is no job.

    Parameters
    ----------
    title : str
        Its heading.
    stops : str
        What comes of stopping it, in a sentence.
    """

    stop_asked = Signal()
    go_on_asked = Signal()
    jobs_asked = Signal()

    def __init__(self, title: str, stops: str) -> None:
        super().__init__(title)
        self._asks = {_STOP: stops, _END: _ENDS}
        self._sentence, self._message = words(), words()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self._stop = button(_STOP, "Asks before it does")
        self._go_on = button("Go on learning", "Where it was left, to the same result")
        jobs = button("Show jobs", "All that runs in the background, with warnings and logs")
        self._curves, self._preview = Curves(), Preview(_WIDE)
        self._stop.clicked.connect(self._ask_stop)
        self._go_on.clicked.connect(self.go_on_asked)
        jobs.clicked.connect(self.jobs_asked)
        for part in (self._sentence, self._bar, self._message):
            self.body.addWidget(part)
        self.add_row(self._stop, self._go_on, jobs)
        self.setVisible(False)

    def show_facts(self, facts: JobFacts | None) -> None:
        """Show how it is; None: there is none."""
        self.setVisible(facts is not None)
        if facts is None:
            return
        self._sentence.setText(facts.sentence)
        self._bar.setVisible(facts.state != "done")
        known = facts.far is not None or facts.state != "running"
        self._bar.setRange(0, 1000 if known else 0)
        self._bar.setValue(facts.far or 0)
        self._message.setText("\n".join((facts.message, *facts.warnings[-2:])).strip())
        self._message.setVisible(bool(self._message.text()))
        self._message.setStyleSheet(_FAILURE if facts.state == "failed" else HEED)
        self._stop.setVisible(facts.may_stop)
        self._stop.setText(_END if facts.stopping else _STOP)
        self._go_on.setVisible(facts.may_resume)

    def show_story(self, story: Story) -> None:
        """Show its curves and its newest picture."""
        self._curves.show_curves(story.curves)
        self._preview.show_picture(story.picture)

    def add_story(self) -> None:
        """Lay out the curves and the picture, below what is there."""
        for part in (self._curves, self._preview):
            self.body.addWidget(part)

    def _ask_stop(self) -> None:
        what = self._stop.text()
        ask(self, f"{what}?", self._asks[what], what, self.stop_asked.emit)
