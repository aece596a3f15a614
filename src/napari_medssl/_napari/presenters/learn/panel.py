"""The Learn panel from top to bottom: the parts that share one look at the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.learn.applying import ApplyPresenter, ApplyView
from napari_medssl._napari.presenters.learn.encoder_intake import EncoderIntake
from napari_medssl._napari.presenters.learn.gate_facts import arrived_words
from napari_medssl._napari.presenters.learn.intake import LearnIntake
from napari_medssl._napari.presenters.learn.learned_models import (
    ComparisonCanvas,
    GateView,
    LearnedModelsPresenter,
    VersionsView,
)
from napari_medssl._napari.presenters.learn.learning import Bench, LearnPresenter, LearnView
from napari_medssl._napari.presenters.learn.review_next import ReviewNextPresenter, ReviewNextView
from napari_medssl._napari.presenters.learn.run import LearnRunPresenter, LearnRunView
from napari_medssl._napari.presenters.project.jobs import ProjectJobs
from napari_medssl.project import learn_task, segment_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.jobs.watch import JobWatch
    from napari_medssl._napari.presenters.learn.look import LearnLook, LearnWishes
    from napari_medssl.project.versions import ModelVersion


@dataclass(frozen=True)
class LearningViews:
    """The panel's parts."""

    learn: LearnView
    run: LearnRunView
    gate: GateView
    versions: VersionsView
    apply: ApplyView
    queue: ReviewNextView


@dataclass(frozen=True)
class Window:
    """What the window does for the panel.

    Parameters
    ----------
    door : Door
        The open project.
    open_case, review_case : callable
        Opens a case of it, by id; the second shows what a model proposes for it, too.
    canvas : ComparisonCanvas
        Where outlines are laid over a case.
    notify : callable
        Tells a sentence, and whether it is about a failure, wherever the user is.
    """

    door: Door
    open_case: Callable[[str], None]
    review_case: Callable[[str], None]
    canvas: ComparisonCanvas
    notify: Callable[[str, bool], None]


class LearningPresenter:
    """From corrections to a model in use, and on to the next case.

    Parameters
    ----------
    views : LearningViews
        The panel's parts.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for, in another thread.
    watch : JobWatch
        Sees the jobs; whoever made it asks it to look.
    bench : Bench
        What starts jobs.
    window : Window
        What is beside the panel.
    """

    def __init__(
        self,
        views: LearningViews,
        work: Work,
        activity: Activity,
        watch: JobWatch,
        bench: Bench,
        window: Window,
    ) -> None:
        door = window.door
        rounds = ProjectJobs(watch, learn_task.KIND)
        runs = ProjectJobs(watch, segment_task.KIND)
        self.learn = LearnPresenter(
            views.learn, work, activity, watch, rounds, bench, door, self._looked
        )
        self.run = LearnRunPresenter(views.run, watch, rounds, work, activity, bench.engine, door)
        self.models = LearnedModelsPresenter(
            views.gate,
            views.versions,
            window.canvas,
            activity,
            rounds,
            door,
            window.open_case,
            self.learn.look_again,
        )
        self.queue = ReviewNextPresenter(views.queue, work, activity, door, window.review_case)
        self.apply = ApplyPresenter(
            views.apply, activity, watch, runs, bench, door, self.queue.look
        )
        self._activity = activity
        self.intake = LearnIntake(watch, rounds, activity, door, self._arrived, window.notify)
        self._encoders = EncoderIntake(watch, activity, lambda _: self.learn.look_again())

    def show(self) -> None:
        """Show what can be done with the open project; to be called about once a second."""
        self.learn.show()
        self.run.show()
        self.apply.show()
        self.intake.look()

    def choose(self, wishes: LearnWishes) -> None:
        """Learn, and run, in another way."""
        self.learn.choose(wishes)
        self.apply.use_device(wishes.device)

    def close(self) -> None:
        """Listen no more, and take the outlines away; jobs go on."""
        for part in (self.run, self.apply, self.intake, self._encoders):
            part.close()
        self.models.hide()

    def _arrived(self, version: ModelVersion) -> None:
        """React to a model that waits for a decision."""
        self._activity.say(arrived_words(version))
        self.learn.look_again()

    def _looked(self, there: OpenProject | None, look: LearnLook) -> None:
        """React to what a look found, or to another project."""
        self.models.looked(there, look)
        self.apply.looked(there, look)
        self.queue.looked(there, look)
