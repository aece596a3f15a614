"""While it learns: how far it is, how well, and stopping, going on or judging what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal

from napari_medssl._napari.panels.jobs.run_section import JobRunSection
from napari_medssl._napari.panels.section import button

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.jobs.words import JobFacts

_STOPS = "It stops after the step in hand. Then you can let it be judged, or let it go on."


class LearnRunSection(JobRunSection):
    """Hidden where nothing learns, and nothing was left unfinished."""

    judge_asked = Signal()

    def __init__(self) -> None:
        super().__init__("While it learns", _STOPS)
        self._judge = button("Judge what it learned", "Learns no more, and measures what there is")
        self._judge.clicked.connect(self.judge_asked)
        self.body.addWidget(self._judge)
        self.add_story()

    def show_run(self, facts: JobFacts | None, *, may_judge: bool) -> None:
        """Show how it is; None: nothing learns, and nothing was left unfinished."""
        self.show_facts(facts)
        self._judge.setVisible(may_judge)
