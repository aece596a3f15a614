"""Running a model on all cases of the open project: a job, which the window starts and follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl._napari.presenters.jobs.words import facts_of
from napari_medssl.jobs import new_spec
from napari_medssl.project.segment_task import KIND, place_of, plan_task, read_report

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.automatic.models import ModelPresenter, Models
    from napari_medssl._napari.presenters.automatic.run import RunSettings
    from napari_medssl._napari.presenters.jobs.watch import Look, Seen
    from napari_medssl.jobs import Engine, JobStore
    from napari_medssl.project import Project
    from napari_medssl.project.proposing import ProposeReport

_STEPS = 1000


class AllCasesView(Protocol):
    """The button that runs on all cases, the bar of the job, and its stop."""

    def show_cases(self, cases: int, *, busy: bool) -> None:
        """Offer to run on so many cases of a project, unless that is being done."""

    def show_job(self, words: str, done: int, total: int, *, may_stop: bool) -> None:
        """Show how far the job is; a total of 0 is not known yet."""

    def show_no_job(self) -> None:
        """No job runs on the project."""

    def show_report(self, words: str, left_out: Sequence[str]) -> None:
        """Show what came of a run on a project and, a line each, what was left out and why."""


class AllCasesPresenter:
    """Starts the job, finds one that another window or a command has started, and follows it.

    The job goes on when the panel or napari is closed.

    Parameters
    ----------
    view : AllCasesView
        The button and the bar.
    activity : Activity
        For what is slow, and for what is said.
    work : Work
        The thread that looks after the jobs.
    models : Models
        How a model is run.
    choice : ModelPresenter
        Which one.
    door : Door
        The open project.
    store, engine : JobStore, Engine
        Where jobs are kept, and what runs them.
    settings : callable
        Returns how the model shall be run.
    arrived : callable
        Called with the cases that have a new proposal on the disk; none, for another project.
    """

    def __init__(
        self,
        view: AllCasesView,
        activity: Activity,
        work: Work,
        models: Models,
        choice: ModelPresenter,
        door: Door,
        store: JobStore,
        engine: Engine,
        settings: Callable[[], RunSettings],
        arrived: Callable[[Collection[str]], None],
    ) -> None:
        self._view, self._activity = view, activity
        self._models, self._choice, self._door = models, choice, door
        self._store, self._engine = store, engine
        self._settings, self._arrived = settings, arrived
        self._starting = False
        self._started: set[str] = set()  # ids of jobs whose end is to be told
        self._stopping = ""  # id of the job that was asked to stop
        self._shown: object = None
        self._place: tuple[Project | None, str] = (None, "")
        self._project: Project | None = None  # that was open at the last look
        self._work = work
        self._watch = JobWatch(store, work, engine.refresh)
        self._deafen = self._watch.listen(self._hear)

    def close(self) -> None:
        """Listen no more; a job goes on."""
        self._deafen()

    def look(self) -> None:
        """Look after the jobs; to be called about once a second."""
        there = self._door()
        if there is not None:
            self._watch.look()
        project = there.project if there is not None else None
        if project is not self._project:
            self._project = project
            self._arrived(())
        self.show()

    def show(self) -> None:
        """Show what can be run now, and how far the job is."""
        there, card = self._door(), self._choice.card
        cases = 0
        if there is not None and card is not None and not there.project.read_only:
            cases = sum(case.status != "done" for case in there.cases)
        job = self._job(there)
        now = (cases, job, self._starting, self._stopping)
        if now != self._shown:
            self._shown = now
            self._view.show_cases(cases, busy=self._starting or job is not None)
            self._show_job(job)

    def run(self, *, anyway: bool = False) -> None:
        """Start a job on all cases that are not done; with ``anyway`` also where they do not suit.

        Nothing happens while one runs.
        """
        there, card, name = self._door(), self._choice.card, self._choice.name
        settings = self._settings()
        if there is None or card is None:
            self._activity.say("Open a project and choose a model first.", problem=True)
            return
        if there.project.read_only:
            self._activity.say(there.project.why_read_only, problem=True)
            return
        if self._starting or self._job(there) is not None:
            return
        project = there.project

        def start() -> str:
            options = settings.plain(card)
            task, title = plan_task(project, name, card, options, anyway=anyway)
            device = self._models.device(settings.device)
            job = self._store.create(new_spec(KIND, task.arguments, title=title, device=device))
            self._engine.submit(job)
            return job.spec.id

        def started(id_: str) -> None:
            self._starting = False
            self._started.add(id_)
            self._activity.say("It goes on in the background, even when napari is closed.")
            self.look()

        def failed(error: Exception) -> None:
            self._starting = False
            self._activity.fail(error)
            self.show()

        self._starting = True
        self._activity.say("")
        self.show()
        self._work.run(start, started, failed)

    def stop(self) -> None:
        """Ask the job to end after the window in hand; finished cases keep their proposals."""
        seen = self._job(self._door())
        if seen is not None:
            self._stopping = seen.job.spec.id
            self.show()
            self._activity.run(
                "Asking it to stop", seen.job.ask_to_stop, lambda _: self.look(), topic="stop job"
            )

    def _job(self, there: OpenProject | None) -> Seen | None:
        """Return the job that runs, or waits, on the open project; the oldest of several."""
        if there is None:
            return None
        running = (seen for seen in reversed(self._watch.jobs) if not seen.status.is_over)
        return next((seen for seen in running if self._is_of(seen, there)), None)

    def _is_of(self, seen: Seen, there: OpenProject) -> bool:
        """Tell whether a job runs a model on the open project."""
        if self._place[0] is not there.project:
            self._place = (there.project, place_of(there.project))
        spec = seen.job.spec
        return spec.kind == KIND and spec.arguments.get("project") == self._place[1]

    def _show_job(self, seen: Seen | None) -> None:
        if seen is None and not self._starting:
            self._view.show_no_job()
        elif seen is None:
            self._view.show_job("Starting", 0, 0, may_stop=False)
        else:
            facts = facts_of(seen, self._watch.jobs, is_inside=True)
            asked = seen.job.spec.id == self._stopping
            words = "Stops after the part in hand" if asked else facts.sentence
            self._view.show_job(words, facts.far or 0, _STEPS, may_stop=not asked)

    def _hear(self, look: Look) -> None:
        there = self._door()
        for seen in look.changed:
            if there is None or not self._is_of(seen, there):
                continue
            if seen.status.is_over and seen.job.spec.id == self._stopping:
                self._stopping = ""  # it may be resumed, and stopped again
            if finished := _finished(seen):
                self._arrived(finished)
            began_here = seen.job.spec.id in self._started
            if seen.has_ended or (began_here and seen.status.is_over):
                self._started.discard(seen.job.spec.id)
                self._end(seen, there)
        self.show()

    def _end(self, seen: Seen, there: OpenProject) -> None:
        """Say what came of a job that has just ended."""
        state, message = seen.status.state, seen.status.message
        if state in ("failed", "interrupted"):
            more = " Run again to go on." if state == "interrupted" else ""
            self._activity.say(f"{message}{more}", problem=True)
            return
        names = {case.id: case.name for case in there.cases}

        def told(report: ProposeReport) -> None:
            words = report_words(report, stopped=state == "cancelled")
            left_out = [f"{names.get(id_, id_)}: {why}" for id_, why in report.left_out.items()]
            self._activity.say(words, problem=bool(left_out) and not report.done)
            self._view.show_report(words, left_out)
            if seen.before is None:
                self._arrived(report.done)  # it was too quick to be seen at work

        self._activity.run(
            "Reading what came of it",
            lambda: read_report(seen.job.artifacts),
            told,
            topic=f"report {seen.job.spec.id}",
            asked=False,
        )


def report_words(report: ProposeReport, *, stopped: bool) -> str:
    """Say what came of a run: how many cases got a proposal, had it before, were left out."""
    words = f"{_cases(len(report.done))} got a proposal"
    words += f", {_cases(len(report.already))} had it before" if report.already else ""
    words += f", {len(report.left_out)} left out" if report.left_out else ""
    return words + (". Stopped: run again to go on." if stopped else ".")


def _finished(seen: Seen) -> set[str]:
    """Return the cases that got a proposal since the look before."""
    told = [event.facts for event in seen.news if event.kind == "metric"]
    return {facts["case"] for facts in told if "case" in facts}


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
