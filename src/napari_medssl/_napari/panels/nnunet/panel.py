"""The nnU-Net panel: look at the cases, choose, train in the background, take what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl._napari.panels.automatic.panel import AutomaticPanel
from napari_medssl._napari.panels.dock_panel import DockPanel
from napari_medssl._napari.panels.docks import open_panel, panels_beside
from napari_medssl._napari.panels.jobs.panel import JobsPanel
from napari_medssl._napari.panels.nnunet.section import NnunetSection
from napari_medssl._napari.panels.project.open_project import open_project_beside
from napari_medssl._napari.panels.project.panel import ProjectPanel
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl._napari.presenters.nnunet.panel import NnunetPresenter
from napari_medssl.jobs import JobStore, jobs_folder
from napari_medssl.jobs.engines import Engines

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_medssl.jobs import Engine


class NnunetPanel(DockPanel):
    """The dock "nnU-Net" of one viewer.

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
    """

    beside = (SegmentPanel, ProjectPanel)

    def __init__(
        self,
        napari_viewer: Any,
        parent: QWidget | None = None,
        store: JobStore | None = None,
        engine: Engine | None = None,
    ) -> None:
        super().__init__(napari_viewer, parent)
        engine = engine or Engines()
        store = store or JobStore(jobs_folder())
        self._section = NnunetSection()
        self.lay_out(self._section, title="Train nnU-Net on your cases", separated=False)
        self.watch = JobWatch(store, self.thread_of_its_own(), engine.refresh)
        activity = Activity(self.thread_of_its_own(), self.status)
        self.presenter = NnunetPresenter(
            self._section,
            self.watch,
            activity,
            store,
            engine,
            lambda: open_project_beside(self),
            self._offer,
        )
        activity.say("")
        self._connect()
        self.every_second(self._look)
        self._section.tell()
        self.watch.look()

    def on_release(self) -> None:
        """Look no more; the jobs go on."""
        self.presenter.close()

    def on_shown(self) -> None:
        """Show what can be done with the open project."""
        self.presenter.show()

    def _look(self) -> None:
        """Look how the jobs are, and which project is open: it is another panel's."""
        self.watch.look()
        if self.isVisible():
            self.presenter.show()

    def _offer(self) -> None:
        """Let the Automatic panel see what has come for the case in hand."""
        for panel in panels_beside(self, AutomaticPanel):
            panel.presenter.review.offers.look()

    def _show_jobs(self) -> None:
        open_panel(self, JobsPanel, "Jobs")

    def _connect(self) -> None:
        to, section = self.presenter, self._section
        section.settings_changed.connect(
            lambda given, everything: to.choose(given, everything=everything)
        )
        section.plan_asked.connect(to.plan)
        section.train_asked.connect(to.train)
        section.take_asked.connect(to.take)
        section.jobs_asked.connect(self._show_jobs)
