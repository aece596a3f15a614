"""The Jobs panel's decisions: which job is looked at, and what is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.jobs.story import Story, StoryReader
from napari_medssl._napari.presenters.jobs.words import end_words, facts_of, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Look, Seen
    from napari_medssl._napari.presenters.jobs.words import JobFacts, JobRow
    from napari_medssl.jobs import Engine, JobStore, Status


class JobListView(Protocol):
    """The list."""

    def show_jobs(self, rows: Sequence[JobRow], chosen: str) -> None:
        """List jobs, the newest first, one of them chosen."""


class JobView(Protocol):
    """The chosen job."""

    def show_job(self, facts: JobFacts | None) -> None:
        """Show how it is; None: there is no job."""

    def show_story(self, story: Story) -> None:
        """Show its curves, its newest picture and the end of its log."""


class JobsPresenter:
    """Shows all jobs and one of them closely; stops, resumes and forgets it.

    Parameters
    ----------
    rows, view : JobListView, JobView
        The panel's parts.
    watch : JobWatch
        Tells what has changed; whoever made it asks it to look.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for, in another thread.
    store : JobStore
        Whose jobs.
    engine : Engine
        What runs them.
    notify : callable
        Gets a sentence, and whether it is about a failure, when a job ends.
    """

    def __init__(
        self,
        rows: JobListView,
        view: JobView,
        watch: JobWatch,
        work: Work,
        activity: Activity,
        store: JobStore,
        engine: Engine,
        notify: Callable[[str, bool], None],
    ) -> None:
        self._rows, self._view, self._watch, self._work = rows, view, watch, work
        self._activity, self._store, self._engine = activity, store, engine
        self._notify = notify
        self._reader: StoryReader | None = None
        self._chosen = ""
        self._acting: set[str] = set()  # ids of jobs that something is being done with
        self._asked: set[str] = set()  # ids of those that were asked to stop
        self.close = watch.listen(self._hear)

    @property
    def chosen(self) -> Seen | None:
        """The job that is looked at."""
        jobs = self._watch.jobs
        return next((one for one in jobs if one.job.spec.id == self._chosen), None)

    def choose(self, id_: str) -> None:
        """Look at another job."""
        if id_ == self._chosen:
            return
        self._chosen = id_
        seen = self.chosen
        self._reader = StoryReader(seen.job) if seen is not None else None
        self._view.show_story(Story())
        self._show_list()
        self._show_job()
        self._read()

    def stop(self) -> None:
        """Ask the chosen job to stop and keep the best so far; asked again, end it at once.

        Nobody waits here for a job to stop: the window could not be closed meanwhile.
        """
        seen = self.chosen
        if seen is None or seen.job.spec.id in self._acting:
            return
        job = seen.job
        if job.spec.id in self._asked:
            self._act("Ending it", lambda: self._engine.stop(job, patience_s=0))
        else:
            self._asked.add(job.spec.id)
            self._act("Asking it to stop", job.ask_to_stop)
            self._show_job()

    def resume(self) -> None:
        """Go on with the chosen job."""
        seen = self.chosen
        if seen is not None:
            job = seen.job
            self._act("Beginning", lambda: self._engine.submit(job))

    def remove(self) -> None:
        """Forget the chosen job."""
        seen = self.chosen
        if seen is not None:
            job = seen.job
            self._act("Removing", lambda: self._store.remove(job))

    def _act(self, words: str, do: Callable[[], Status | None]) -> None:
        """Do something in the background, unless it is being done, and look what came of it."""
        id_ = self._chosen
        if id_ in self._acting:
            return

        def act() -> Status | None:
            try:
                return do()
            finally:
                self._acting.discard(id_)

        self._acting.add(id_)
        self._activity.run(words, act, lambda _: self._watch.look(), topic=f"job {id_}")

    def _hear(self, look: Look) -> None:
        for seen in look.changed:
            if seen.status.is_over:
                self._asked.discard(seen.job.spec.id)
            if seen.has_ended:
                self._notify(end_words(seen), seen.status.state in ("failed", "interrupted"))
        next_ = self._to_look_at(look)
        if next_ != self._chosen:
            self.choose(next_)
            return
        self._show_list()
        self._show_job()
        if any(one.job.spec.id == self._chosen for one in look.changed):
            self._read()

    def _to_look_at(self, look: Look) -> str:
        """Return the job to look at: the one chosen, unless it is over and a new one is there."""
        seen = self.chosen
        newest = next(iter(look.jobs), None)
        if seen is None:
            running = (one for one in look.jobs if one.status.state == "running")
            first = next(running, newest)
            return first.job.spec.id if first is not None else ""
        is_new = newest is not None and newest.before is None and newest in look.changed
        if newest is not None and is_new and seen.status.is_over:
            return newest.job.spec.id
        return self._chosen

    def _show_list(self) -> None:
        self._rows.show_jobs([row_of(one) for one in self._watch.jobs], self._chosen)

    def _show_job(self) -> None:
        seen = self.chosen
        if seen is None:
            self._view.show_job(None)
        else:
            is_inside = self._store.is_inside(seen.job)
            asked = seen.job.spec.id in self._asked
            facts = facts_of(seen, self._watch.jobs, is_inside=is_inside, stopping=asked)
            self._view.show_job(facts)

    def _read(self) -> None:
        """Read on in the chosen job's story."""
        reader = self._reader
        if reader is None:
            return

        def show(story: Story) -> None:
            if reader is self._reader:
                self._view.show_story(story)

        self._work.run(reader.read, show, self._activity.fail)
