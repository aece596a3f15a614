"""The job that learns: how far it is, how well, and stopping, going on or judging what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.job_story import Story, StoryReader
from napari_medssl._napari.presenters.job_words import facts_of
from napari_medssl.finetune.volumes.plan import WEIGHTS
from napari_medssl.jobs.files import put_json
from napari_medssl.models.trained import read_card
from napari_medssl.project.learn_task import LEARNED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic_canvas import Door
    from napari_medssl._napari.presenters.job_watch import JobWatch, Look, Seen
    from napari_medssl._napari.presenters.job_words import JobFacts
    from napari_medssl._napari.presenters.project_jobs import ProjectJobs
    from napari_medssl.jobs import Engine, Status


class LearnRunView(Protocol):
    """Bar, curves, picture, and the buttons of the job that learns."""

    def show_run(self, facts: JobFacts | None, *, may_judge: bool) -> None:
        """Show how it is; None: nothing learns, and nothing was left unfinished."""

    def show_story(self, story: Story) -> None:
        """Show its curves and its newest picture."""


class LearnRunPresenter:
    """Follows the newest job that learns in the open project, unless that is done.

    Parameters
    ----------
    view : LearnRunView
        Where it is shown.
    watch : JobWatch
        Tells what has changed.
    jobs : ProjectJobs
        Those that learn.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for.
    engine : Engine
        What runs jobs.
    door : Door
        The open project.
    """

    def __init__(
        self,
        view: LearnRunView,
        watch: JobWatch,
        jobs: ProjectJobs,
        work: Work,
        activity: Activity,
        engine: Engine,
        door: Door,
    ) -> None:
        self._view, self._watch, self._jobs, self._work = view, watch, jobs, work
        self._activity, self._engine, self._door = activity, engine, door
        self._reader: StoryReader | None = None
        self._read_of = ""  # id of the job that is read
        self._has_weights = False
        self._stopping = ""  # id of the job that was asked to stop
        self._acting = False
        self.close = watch.listen(self._hear)

    def show(self) -> None:
        """Show how it is."""
        seen = self._seen()
        if seen is None:
            self._view.show_run(None, may_judge=False)
            return
        if seen.job.spec.id != self._read_of:
            self._read_of, self._reader = seen.job.spec.id, StoryReader(seen.job)
            self._has_weights = False
            self._view.show_story(Story())
            self._read()
        stopping = self._stopping == self._read_of
        facts = facts_of(seen, self._watch.jobs, is_inside=True, stopping=stopping)
        self._view.show_run(facts, may_judge=facts.may_resume and self._has_weights)

    def stop(self) -> None:
        """Ask it to stop and keep the best so far; asked again, end it at once."""
        seen = self._seen()
        if seen is None or seen.status.is_over:
            return
        job = seen.job
        if self._stopping == job.spec.id:
            self._act("Ending it", lambda: self._engine.stop(job, patience_s=0))
        else:
            self._stopping = job.spec.id
            self._act("Asking it to stop", job.ask_to_stop)
            self.show()

    def go_on(self) -> None:
        """Go on learning where it was left."""
        seen = self._seen()
        if seen is not None and seen.status.is_over:
            job = seen.job
            self._act("Going on", lambda: self._engine.submit(job))

    def judge(self) -> None:
        """Learn no more, and let what it has learned so far be judged."""
        seen = self._seen()
        if seen is None or not seen.status.is_over:
            return
        job = seen.job

        def judge() -> None:
            card = read_card(job.artifacts / WEIGHTS)
            put_json(job.artifacts / LEARNED, {"sha256": card.sha256})
            self._engine.submit(job)

        self._act("Beginning to judge", judge)

    def _seen(self) -> Seen | None:
        seen = self._jobs.newest(self._door())
        return None if seen is None or seen.status.state == "done" else seen

    def _act(self, words: str, do: Callable[[], Status | None]) -> None:
        if self._acting:
            return

        def act() -> Status | None:
            try:
                return do()
            finally:
                self._acting = False

        self._acting = True
        self._activity.run(words, act, lambda _: self._watch.look(), topic="learning")

    def _hear(self, look: Look) -> None:
        for seen in look.changed:
            if seen.status.is_over and seen.job.spec.id == self._stopping:
                self._stopping = ""
        self.show()
        if any(seen.job.spec.id == self._read_of for seen in look.changed):
            self._read()

    def _read(self) -> None:
        reader, seen = self._reader, self._seen()
        if reader is None or seen is None:
            return
        artifacts = seen.job.artifacts

        def read() -> tuple[Story, bool]:
            return reader.read(), _can_be_judged(artifacts)

        def took(found: tuple[Story, bool]) -> None:
            if reader is not self._reader:
                return
            story, has_weights = found
            self._view.show_story(story)
            if has_weights != self._has_weights:
                self._has_weights = has_weights
                self.show()

        self._work.run(read, took, self._activity.fail)


def _can_be_judged(artifacts: Path) -> bool:
    """Tell whether there is a network, and learning is not over yet."""
    return (artifacts / WEIGHTS).is_file() and not (artifacts / LEARNED).is_file()
