"""Following one job closely: its facts, its story, and stopping it or letting it go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.jobs.story import Story, StoryReader
from napari_medssl._napari.presenters.jobs.words import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Look, Seen
    from napari_medssl._napari.presenters.jobs.words import JobFacts
    from napari_medssl.jobs import Engine, Job, Status


class JobFollower(ABC):
    """Shows how a job is whenever that changes; which job, and where, a panel's own part says.

    Parameters
    ----------
    watch : JobWatch
        Tells what has changed.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for.
    engine : Engine
        What runs jobs.
    """

    def __init__(self, watch: JobWatch, work: Work, activity: Activity, engine: Engine) -> None:
        self._watch, self._work = watch, work
        self._activity, self._engine = activity, engine
        self._reader: StoryReader | None = None
        self._read_of = ""  # id of the job that is read
        self._stopping = ""  # id of the job that was asked to stop
        self._acting = False
        self.close = watch.listen(self._hear)

    @abstractmethod
    def _seen(self) -> Seen | None:
        """Return the job to follow; None where there is none."""

    @abstractmethod
    def _show_facts(self, facts: JobFacts | None) -> None:
        """Show how it is."""

    @abstractmethod
    def _show_story(self, story: Story) -> None:
        """Show what it has told and made."""

    def _look_into(self, job: Job) -> None:
        """Look, in the thread that reads, at what else there is to know."""
        del job

    def show(self) -> None:
        """Show how it is."""
        seen = self._seen()
        if seen is None:
            self._show_facts(None)
            return
        if seen.job.spec.id != self._read_of:
            self._read_of, self._reader = seen.job.spec.id, StoryReader(seen.job)
            self._show_story(Story())
            self._read()
        stopping = self._stopping == self._read_of
        self._show_facts(facts_of(seen, self._watch.jobs, is_inside=True, stopping=stopping))

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
        """Go on where it was left."""
        seen = self._seen()
        if seen is not None and seen.status.is_over:
            job = seen.job
            self._act("Going on", lambda: self._engine.submit(job))

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
        job = seen.job

        def read() -> Story:
            story = reader.read()
            self._look_into(job)
            return story

        def took(story: Story) -> None:
            if reader is self._reader:
                self._show_story(story)
                self.show()

        self._work.run(read, took, self._activity.fail)
