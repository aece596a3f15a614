"""The Learn panel: one button, proof that it helped, and on to the next case."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari_medssl._napari.comparison_layer import ComparisonLayer
from napari_medssl._napari.panels.automatic.panel import AutomaticPanel
from napari_medssl._napari.panels.dock_panel import DockPanel
from napari_medssl._napari.panels.docks import open_panel, panels_beside, to_front
from napari_medssl._napari.panels.jobs.panel import JobsPanel, notify
from napari_medssl._napari.panels.learn.gate_section import GateSection
from napari_medssl._napari.panels.learn.learn_section import LearnSection
from napari_medssl._napari.panels.learn.next_section import NextSection
from napari_medssl._napari.panels.learn.run_section import LearnRunSection
from napari_medssl._napari.panels.learn.versions_section import VersionsSection
from napari_medssl._napari.panels.project.open_project import open_project_beside
from napari_medssl._napari.panels.project.panel import ProjectPanel
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.automatic.installed_models import InstalledModels
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl._napari.presenters.learn.learning import Bench
from napari_medssl._napari.presenters.learn.panel import LearningPresenter, LearningViews, Window
from napari_medssl.jobs import JobStore, jobs_folder
from napari_medssl.jobs.engines import Engines

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from napari_medssl.jobs import Engine


class LearnPanel(DockPanel):
    """The dock "Learn" of one viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    store : JobStore, optional
        Where jobs are kept; the user's own unless given.
    engine : Engine, optional
        What runs them; this machine unless given.
    device : callable, optional
        Tells which device of this machine a wish means; asks torch in a child unless given.
    """

    beside = (SegmentPanel, ProjectPanel)

    def __init__(
        self,
        napari_viewer: Any,
        parent: QWidget | None = None,
        store: JobStore | None = None,
        engine: Engine | None = None,
        device: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(napari_viewer, parent)
        engine = engine or Engines()
        store = store or JobStore(jobs_folder())
        self._learn, self._run, self._gate = LearnSection(), LearnRunSection(), GateSection()
        self._next, self._versions = NextSection(), VersionsSection()
        parts = (self._learn, self._run, self._gate, self._next, self._versions)
        scroll = self.lay_out(*parts, title="Learn from my corrections", separated=False)
        self._gate.asks.connect(lambda: scroll.reveal(self._gate))
        for shows in (self._gate.taken, self._next.found):
            shows.connect(lambda: scroll.reveal(self._next))
        self._outlines = ComparisonLayer(self.viewer)
        work = self.thread_of_its_own()
        self.watch = JobWatch(store, work, engine.refresh)
        activity = Activity(self.thread_of_its_own(), self.status)
        self.presenter = LearningPresenter(
            LearningViews(
                self._learn, self._run, self._gate, self._versions, self._next, self._next
            ),
            work,
            activity,
            self.watch,
            Bench(
                store,
                engine,
                device or InstalledModels().device,
                self.thread_of_its_own(),
            ),
            Window(
                lambda: open_project_beside(self),
                self._open_case,
                self._review_case,
                self._outlines,
                notify,
            ),
        )
        activity.say("Nothing is replaced without your word.")
        self._connect()
        self.every_second(self._look)
        self.watch.look()

    def on_release(self) -> None:
        """Look no more; the jobs go on."""
        self.presenter.close()
        self._outlines.close()

    def on_shown(self) -> None:
        """Show what can be done with the open project."""
        self.presenter.show()

    def _look(self) -> None:
        """Look how the jobs are, and which project is open: it is another panel's."""
        self.watch.look()
        if self.isVisible():
            self.presenter.show()
        else:
            self.presenter.intake.look()  # its end is told wherever the user is

    def _open_case(self, case: str) -> None:
        for panel in panels_beside(self, ProjectPanel):
            panel.presenter.case.open(case)

    def _review_case(self, case: str) -> None:
        """Open a case, and what a model proposes for it, if that waits."""
        for panel in panels_beside(self, ProjectPanel):
            panel.open_case(case, partial(self._show_proposal, panel))

    def _show_proposal(self, project: ProjectPanel) -> None:
        if project.presenter.case.proposal_waits:
            automatic = open_panel(self, AutomaticPanel, "Automatic")
            if automatic is not None:
                automatic.look_at_proposal()

    def _connect(self) -> None:
        to = self.presenter
        self._learn.learn_asked.connect(to.learn.begin)
        self._learn.wishes_changed.connect(to.choose)
        self._run.stop_asked.connect(to.run.stop)
        self._run.go_on_asked.connect(to.run.go_on)
        self._run.judge_asked.connect(to.run.judge)
        self._run.jobs_asked.connect(lambda: open_panel(self, JobsPanel, "Jobs"))
        self._gate.decided.connect(to.models.decide)
        self._gate.case_chosen.connect(to.models.compare)
        self._gate.hide_asked.connect(to.models.hide)
        self._versions.version_chosen.connect(to.models.choose)
        # an opened case takes its tools to the front, but here somebody looks from case to case
        self._outlines.listen(laid=lambda: to_front(self), gone=to.models.hidden)
        self._next.apply_asked.connect(to.apply.apply)
        self._next.stop_asked.connect(to.apply.stop)
        self._next.order_chosen.connect(to.queue.choose_order)
        self._next.case_chosen.connect(to.queue.open)
        self._next.next_asked.connect(to.queue.open_next)
