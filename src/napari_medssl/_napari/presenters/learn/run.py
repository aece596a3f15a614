"""The job that learns: how far it is, how well, and stopping, going on or judging what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.jobs.follower import JobFollower
from napari_medssl.finetune.volumes.plan import WEIGHTS
from napari_medssl.jobs.files import put_json
from napari_medssl.models.trained import read_card
from napari_medssl.project.learn_task import LEARNED

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import Door
    from napari_medssl._napari.presenters.jobs.story import Story
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Seen
    from napari_medssl._napari.presenters.jobs.words import JobFacts
    from napari_medssl._napari.presenters.project.jobs import ProjectJobs
    from napari_medssl.jobs import Engine, Job


class LearnRunView(Protocol):
    """Bar, curves, picture, and the buttons of the job that learns."""

    def show_run(self, facts: JobFacts | None, *, may_judge: bool) -> None:
        """Show how it is; None: nothing learns, and nothing was left unfinished."""

    def show_story(self, story: Story) -> None:
        """Show its curves and its newest picture."""


class LearnRunPresenter(JobFollower):
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
        self._view, self._jobs, self._door = view, jobs, door
        self._judgeable = ""  # id of the job of which there is something to judge
        super().__init__(watch, work, activity, engine)

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

    def _show_facts(self, facts: JobFacts | None) -> None:
        may = facts is not None and facts.may_resume and facts.id == self._judgeable
        self._view.show_run(facts, may_judge=may)

    def _show_story(self, story: Story) -> None:
        self._view.show_story(story)

    def _look_into(self, job: Job) -> None:
        self._judgeable = job.spec.id if _can_be_judged(job.artifacts) else ""


def _can_be_judged(artifacts: Path) -> bool:
    """Tell whether there is a network, and learning is not over yet."""
    return (artifacts / WEIGHTS).is_file() and not (artifacts / LEARNED).is_file()
