"""The job that learns without masks: how far it is, whether all comes out alike, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.jobs.follower import JobFollower
from napari_medssl._napari.presenters.pretrain.words import health_words
from napari_medssl.pretrain.request import KIND

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.jobs.story import Story
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Seen
    from napari_medssl._napari.presenters.jobs.words import JobFacts
    from napari_medssl.jobs import Engine


class PretrainRunView(Protocol):
    """Bar, curves, picture, and the buttons of the job that learns."""

    def show_run(self, facts: JobFacts | None, health: str) -> None:
        """Show how it is, and whether images come out different; None: there is none."""

    def show_story(self, story: Story) -> None:
        """Show its curves and its newest picture."""


class PretrainRunPresenter(JobFollower):
    """Follows the newest job that learns without masks, to its end and after.

    Parameters
    ----------
    view : PretrainRunView
        Where it is shown.
    watch : JobWatch
        Tells what has changed.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for.
    engine : Engine
        What runs jobs.
    """

    def __init__(
        self,
        view: PretrainRunView,
        watch: JobWatch,
        work: Work,
        activity: Activity,
        engine: Engine,
    ) -> None:
        self._view = view
        super().__init__(watch, work, activity, engine)

    def _seen(self) -> Seen | None:
        return next((one for one in self._watch.jobs if one.job.spec.kind == KIND), None)

    def _show_facts(self, facts: JobFacts | None) -> None:
        seen = self._seen()
        health = ""
        if seen is not None:
            method = str(seen.job.spec.arguments.get("method"))
            health = health_words(method, seen.status.metrics)
        self._view.show_run(facts, health)

    def _show_story(self, story: Story) -> None:
        self._view.show_story(story)
