"""nnU-Net's decisions in the window: look at the cases, choose, train, take what it found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl._napari.presenters.nnunet.words import (
    effort_words,
    place_words,
    planned_words,
    report_words,
    run_words,
)
from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.finetune.nnunet.configurations import chosen
from napari_medssl.finetune.nnunet.folders import require_nnunet
from napari_medssl.finetune.nnunet.found import found_masks
from napari_medssl.finetune.nnunet.request import (
    KIND,
    PLAN_FILE,
    PLAN_KIND,
    PLAN_TITLE,
    is_of_project,
    place_of,
    plan_arguments,
    project_source,
    read_planned,
    run_arguments,
    run_title,
)
from napari_medssl.finetune.nnunet.settings import LEAST_CASES, NnunetSettings
from napari_medssl.jobs import Status, new_spec
from napari_medssl.project.dataset_plan import is_drawn
from napari_medssl.project.mask_proposals import propose_masks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Seen
    from napari_medssl.finetune.nnunet.configurations import Configuration
    from napari_medssl.finetune.nnunet.request import PlannedCases
    from napari_medssl.jobs import Engine, Job, JobSpec, JobStore
    from napari_medssl.project.proposing import ProposeReport


class NnunetView(Protocol):
    """The panel's parts."""

    def show_place(self, words: str, *, may_plan: bool) -> None:
        """Say on which cases it would be trained, or what is missing."""

    def show_plan(
        self,
        configurations: Sequence[Configuration],
        devices: Sequence[tuple[str, str]],
        words: str,
    ) -> None:
        """Offer nnU-Net's configurations, and the devices to train on; none: not planned yet."""

    def show_effort(self, words: str, *, may_train: bool) -> None:
        """Say how much is asked for, and whether it can be."""

    def show_run(self, words: str, *, far: int | None, may_take: bool) -> None:
        """Say how the project's last run is: thousandths that are finished, if told."""


class NnunetPresenter:
    """Trains nnU-Net on the open project, in jobs that the Jobs panel shows.

    Parameters
    ----------
    view : NnunetView
        The panel.
    watch : JobWatch
        Tells what has changed; whoever made it asks it to look.
    activity : Activity
        For what is slow.
    store, engine : JobStore, Engine
        Where jobs are kept, and what runs them.
    door : Door
        The open project.
    kept : callable
        Called when cases have new proposals on the disk.
    """

    def __init__(
        self,
        view: NnunetView,
        watch: JobWatch,
        activity: Activity,
        store: JobStore,
        engine: Engine,
        door: Door,
        kept: Callable[[], None],
    ) -> None:
        self._view, self._watch, self._activity = view, watch, activity
        self._store, self._engine, self._door, self._kept = store, engine, door, kept
        self._planned: PlannedCases | None = None
        self._planned_by: tuple[object, str] = (None, "")  # on which project, in which job
        self._settings, self._everything = NnunetSettings(), False
        self._cannot: MedSSLError | None = None  # why the settings are none
        self._place: tuple[Path | None, str] = (None, "")
        self._beginning = False
        self.close = watch.listen(lambda _: self.show())

    def show(self) -> None:
        """Show what can be done with the open project, and how far its jobs are."""
        there = self._door()
        self._show_place(there)
        plan = self._newest(PLAN_KIND, there)
        place = (there.project.folder, self._everything) if there is not None else None
        if place != self._planned_by[0]:
            self._planned, self._planned_by = None, (place, "")
        if plan is not None and plan.status.state == "done":
            self._read_plan(plan.job)
        self._show_plan(plan)
        self._show_effort()
        run = self._newest(KIND, there)
        may_take = run is not None and run.status.state == "done"
        status = run.status if run is not None else Status("queued")
        far = round(1000 * status.done / status.total) if status.total and not may_take else None
        self._view.show_run(run_words(run), far=far, may_take=may_take)

    def choose(self, given: Mapping[str, Any], *, everything: bool) -> None:
        """Take what is asked for: the parameters of `NnunetSettings`, and which cases."""
        try:
            self._settings, self._cannot = NnunetSettings(**given), None
        except MedSSLError as error:
            self._cannot = error
        self._everything = everything
        self.show()

    def plan(self) -> None:
        """Let nnU-Net look at the cases, in a job."""
        there = self._door()
        if there is not None:
            source = project_source(there.project.folder, everything=self._everything)
            arguments = plan_arguments(source, self._settings.memory_gb)
            self._submit(new_spec(PLAN_KIND, arguments, title=PLAN_TITLE), "Beginning to look")

    def train(self) -> None:
        """Train in a job; the device must be one that the plan found."""
        there, planned = self._door(), self._planned
        if there is None or planned is None:
            return
        try:
            settings = self._wanted(planned)
            source = project_source(there.project.folder, everything=self._everything)
            spec = new_spec(
                KIND,
                run_arguments(source, settings),
                title=run_title(settings),
                seed=settings.seed,
                device=settings.device,
            )
        except MedSSLError as error:
            self._activity.fail(error)
            return
        self._submit(spec, "Beginning to train")

    def take(self) -> None:
        """Take the masks that the last run found as proposals; Automatic reviews them."""
        there = self._door()
        run = self._newest(KIND, there)
        if there is None or run is None:
            return
        project, artifacts = there.project, run.job.artifacts

        def done(report: ProposeReport) -> None:
            self._activity.say(report_words(report), problem=not report.done)
            self._kept()

        self._activity.run(
            "Reading the masks",
            lambda: propose_masks(project, found_masks(artifacts)),
            done,
            topic="take",
        )

    def _submit(self, spec: JobSpec, words: str) -> None:
        """Begin a job; nothing happens while one begins, or a second click made a second one."""
        if self._beginning:
            return

        def begin() -> Job:
            try:
                require_nnunet()
                job = self._store.create(spec)
                self._engine.submit(job)
            finally:
                self._beginning = False
            return job

        def begun(_: Job) -> None:
            self._activity.say("It has begun, and goes on when napari is closed.")
            self._watch.look()

        self._beginning = True
        self._activity.run(words, begin, begun, topic="submit")

    def _show_place(self, there: OpenProject | None) -> None:
        try:
            require_nnunet()
        except MedSSLError as error:
            self._view.show_place(str(error), may_plan=False)
            return
        count = self._count(there)
        words = place_words(there, count, everything=self._everything)
        self._view.show_place(words, may_plan=count >= LEAST_CASES)

    def _count(self, there: OpenProject | None) -> int:
        """Count the cases to train with."""
        cases = there.cases if there is not None else ()
        return sum(c.status == "done" or (self._everything and is_drawn(c)) for c in cases)

    def _newest(self, kind: str, there: OpenProject | None) -> Seen | None:
        """Return the newest job of a kind on the open project; of plans, on the same cases."""
        if there is None:
            return None
        if self._place[0] != there.project.folder:  # a network share may be slow to ask
            self._place = (there.project.folder, place_of(there.project.folder))
        for seen in self._watch.jobs:
            given = seen.job.spec.arguments
            if seen.job.spec.kind == kind and is_of_project(given, self._place[1]):
                same = given["source"].get("everything") == self._everything
                if kind == KIND or same:
                    return seen
        return None

    def _read_plan(self, job: Job) -> None:
        wanted = (self._planned_by[0], job.spec.id)
        if self._planned_by == wanted:
            return
        self._planned_by = wanted

        def read(planned: PlannedCases) -> None:
            if self._planned_by == wanted:
                self._planned = planned
                self.show()

        path = job.artifacts / PLAN_FILE
        self._activity.run(
            "Reading the plan", lambda: read_planned(path), read, topic="plan", asked=False
        )

    def _show_plan(self, plan: Seen | None) -> None:
        known = self._planned
        words = planned_words(plan, known, self._count(self._door()), self._settings)
        if known is None:
            self._view.show_plan((), (), words)
        else:
            self._view.show_plan(known.configurations, known.devices, words)

    def _show_effort(self) -> None:
        planned = self._planned
        if planned is None:
            self._view.show_effort("", may_train=False)
            return
        try:
            settings = self._wanted(planned)
        except MedSSLError as error:
            self._view.show_effort(str(error), may_train=False)
            return
        may_train = self._count(self._door()) >= LEAST_CASES
        self._view.show_effort(effort_words(settings), may_train=may_train)

    def _wanted(self, planned: PlannedCases) -> NnunetSettings:
        """Return the settings with what the configurations and the device really are.

        Raises
        ------
        MedSSLError
            If no configuration is ticked, or something else cannot be.
        """
        if self._cannot is not None:
            raise self._cannot
        made = {one.name for one in planned.configurations if one.is_made}
        wanted = [name for name in self._settings.configurations if name in made]
        if not wanted:
            raise UsageError("no configuration", expected="one at least", do="Tick one above")
        names, _ = chosen(planned.configurations, wanted)
        device = self._settings.device
        if device not in dict(planned.devices):
            device = planned.devices[0][0]
        return replace(self._settings, configurations=names, device=device)
