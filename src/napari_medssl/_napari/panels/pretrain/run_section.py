"""While it learns without masks: how far it is, whether images come out different, its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl._napari.panels.jobs.run_section import JobRunSection
from napari_medssl._napari.panels.section import words

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.jobs.words import JobFacts

_STOPS = "It stops after the step in hand, and what it has learned is kept. It can go on later."


class PretrainRunSection(JobRunSection):
    """Hidden where there was never a job."""

    def __init__(self) -> None:
        super().__init__("3  While it learns", _STOPS)
        self._title, self._health = words(style="color: #9aa4b2;"), words()
        self.body.insertWidget(1, self._title)  # below the heading
        self.body.addWidget(self._health)
        self.add_story()

    def show_run(self, facts: JobFacts | None, health: str) -> None:
        """Show how it is, and whether images come out different; None: there is none."""
        self.show_facts(facts)
        self._title.setText(facts.title if facts is not None else "")
        self._health.setText(health)
        self._health.setVisible(bool(health))
