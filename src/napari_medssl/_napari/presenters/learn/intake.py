"""Taking what was learned into the project, where it waits for a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.learn.gate_facts import arrived_words
from napari_medssl.finetune.volumes.plan import WEIGHTS
from napari_medssl.models.trained import read_card
from napari_medssl.project.learn_task import finished_task, take_in
from napari_medssl.project.versions import versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.automatic.canvas import Door
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Look, Seen
    from napari_medssl._napari.presenters.project.jobs import ProjectJobs
    from napari_medssl.jobs import Job
    from napari_medssl.project import Project
    from napari_medssl.project.versions import ModelVersion


class LearnIntake:
    """Takes in each finished job of the open project, also one that ended while napari was closed.

    Parameters
    ----------
    watch : JobWatch
        Tells what has changed.
    jobs : ProjectJobs
        Those that learn.
    activity : Activity
        For what is slow.
    door : Door
        The open project.
    arrived : callable
        Called with a model that was not in the project before.
    notify : callable
        Gets a sentence, and whether it is about a failure, when a job ends.
    """

    def __init__(
        self,
        watch: JobWatch,
        jobs: ProjectJobs,
        activity: Activity,
        door: Door,
        arrived: Callable[[ModelVersion], None],
        notify: Callable[[str, bool], None],
    ) -> None:
        self._jobs, self._activity, self._door = jobs, activity, door
        self._arrived, self._notify = arrived, notify
        self._tried: set[tuple[str, str]] = set()  # places and ids of jobs
        self._taking = False
        self.close = watch.listen(self._hear)

    def look(self) -> None:
        """Take in the oldest job that is done and was not taken in yet; then the next."""
        there = self._door()
        if there is None or there.project.read_only or self._taking:
            return
        seen = next((one for one in reversed(self._jobs.of(there)) if self._is_new(one)), None)
        if seen is None:
            return
        self._tried.add(_name(seen))
        project, job = there.project, seen.job

        def took(version: ModelVersion | None) -> None:
            if version is not None:
                self._arrived(version)
                self._notify(arrived_words(version), False)
            self.look()

        self._taking = True
        self._activity.run(
            "Taking in what it learned",
            lambda: self._take(project, job),
            took,
            topic="take in",
            asked=False,
        )

    def _take(self, project: Project, job: Job) -> ModelVersion | None:
        """Return the model of a job, if it was not in the project before; in a thread."""
        try:
            before = {one.sha256 for one in versions(project)}
            task, weights = finished_task(job.spec, "done"), job.artifacts / WEIGHTS
            version = take_in(project, task, job.artifacts, weights, read_card(weights))
            return None if version.sha256 in before else version
        finally:
            self._taking = False

    def _is_new(self, seen: Seen) -> bool:
        return seen.status.state == "done" and _name(seen) not in self._tried

    def _hear(self, look: Look) -> None:
        ours = {one.job.spec.id for one in self._jobs.of(self._door())}
        for seen in look.changed:
            ended_badly = seen.has_ended and seen.status.state in ("failed", "interrupted")
            if ended_badly and seen.job.spec.id in ours:
                self._notify(f"{seen.job.spec.title}: {seen.status.message}", True)
        self.look()


def _name(seen: Seen) -> tuple[str, str]:
    return str(seen.job.spec.arguments.get("project")), seen.job.spec.id
