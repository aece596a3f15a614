"""The model in use on the cases that are not done: a job, which the window starts and follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.automatic.all_cases import report_words
from napari_medssl._napari.presenters.jobs.words import facts_of
from napari_medssl._napari.presenters.learn.words import counted
from napari_medssl.jobs import new_spec
from napari_medssl.project.apply_task import plan_apply
from napari_medssl.project.segment_task import KIND, read_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Look, Seen
    from napari_medssl._napari.presenters.learn.learning import Bench
    from napari_medssl._napari.presenters.learn.look import LearnLook
    from napari_medssl._napari.presenters.project.jobs import ProjectJobs

_STEPS = 1000


class ApplyView(Protocol):
    """The button that runs the model in use, the bar of its job, and the stop."""

    def show_apply(self, button: str, *, may: bool, there: bool) -> None:
        """Offer to run on cases; nothing at all where no model is in use."""

    def show_applying(self, words: str, done: int, total: int, *, may_stop: bool) -> None:
        """Show how far the job is; a total of 0 is not known yet."""

    def show_not_applying(self) -> None:
        """No job runs a model on the project."""


class ApplyPresenter:
    """Starts the job, finds one that runs already, and follows it; it goes on without napari.

    Parameters
    ----------
    view : ApplyView
        The button and the bar.
    activity : Activity
        For what the user asks for.
    watch : JobWatch
        Sees the jobs.
    jobs : ProjectJobs
        Those that run models on projects.
    bench : Bench
        What starts them.
    door : Door
        The open project.
    arrived : callable
        Called when cases have new proposals.
    """

    def __init__(
        self,
        view: ApplyView,
        activity: Activity,
        watch: JobWatch,
        jobs: ProjectJobs,
        bench: Bench,
        door: Door,
        arrived: Callable[[], None],
    ) -> None:
        self._view, self._activity, self._watch = view, activity, watch
        self._jobs, self._bench, self._door, self._arrived = jobs, bench, door, arrived
        self._has_model = self._beginning = False
        self._stopping = ""  # id of the job that was asked to stop
        self._device = "auto"
        self.close = watch.listen(self._hear)

    def looked(self, there: OpenProject | None, look: LearnLook) -> None:
        """Take from a look whether there is a model to run."""
        self._has_model = look.in_use is not None
        self.show()

    def use_device(self, wanted: str) -> None:
        """Run on another device."""
        self._device = wanted

    def show(self) -> None:
        """Show what can be run now, and how far the job is."""
        there = self._door()
        cases = sum(case.status != "done" for case in there.cases) if there is not None else 0
        seen = self._jobs.at_work(there)
        busy = self._beginning or seen is not None
        may = cases > 0 and there is not None and not there.project.read_only and not busy
        words = (
            f"Run it on the {counted(cases, 'case')} not done" if cases else "All cases are done"
        )
        self._view.show_apply(words, may=may, there=self._has_model)
        if seen is None:
            self._view.show_not_applying()
            return
        asked = seen.job.spec.id == self._stopping
        facts = facts_of(seen, self._watch.jobs, is_inside=True)
        text = "Stops after the part in hand" if asked else facts.sentence
        self._view.show_applying(text, facts.far or 0, _STEPS, may_stop=not asked)

    def apply(self) -> None:
        """Start the job; nothing happens while one runs."""
        there = self._door()
        if there is None or self._beginning or self._jobs.at_work(there) is not None:
            return
        project, wanted = there.project, self._device

        def begin() -> None:
            try:
                task, title = plan_apply(project)
                device = self._bench.device(wanted)
                spec = new_spec(KIND, task.arguments, title=title, device=device)
                self._bench.engine.submit(self._bench.store.create(spec))
            finally:
                self._beginning = False

        def begun(_: None) -> None:
            self._activity.say("It goes on in the background, even when napari is closed.")
            self._watch.look()

        self._beginning = True
        self.show()
        self._activity.run("Beginning", begin, begun, topic="apply")

    def stop(self) -> None:
        """Ask the job to end after the window in hand; finished cases keep their proposals."""
        seen = self._jobs.at_work(self._door())
        if seen is not None:
            self._stopping = seen.job.spec.id
            self.show()
            self._activity.run(
                "Asking it to stop", seen.job.ask_to_stop, lambda _: None, topic="stop applying"
            )

    def _hear(self, look: Look) -> None:
        ours = self._jobs.of(self._door())
        changed = [seen for seen in look.changed if seen in ours]
        for seen in changed:
            if seen.status.is_over and seen.job.spec.id == self._stopping:
                self._stopping = ""
            if seen.has_ended:
                self._end(seen)
        if changed:
            self.show()
            self._arrived()

    def _end(self, seen: Seen) -> None:
        """Say what came of a job that has just ended."""
        state, message = seen.status.state, seen.status.message
        if state in ("failed", "interrupted"):
            more = " Run it again to go on." if state == "interrupted" else ""
            self._activity.say(f"{message}{more}", problem=True)
            return
        self._activity.run(
            "Reading what came of it",
            lambda: read_report(seen.job.artifacts),
            lambda report: self._activity.say(report_words(report, stopped=state == "cancelled")),
            topic="applied",
            asked=False,
        )
