"""The nnU-Net panel: look at the cases, choose, train in the background, take what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_medssl._napari.panels.automatic import AutomaticPanel
from napari_medssl._napari.panels.docks import panels_beside, share_tab, to_front
from napari_medssl._napari.panels.jobs import LOOK_EVERY_MS, JobsPanel
from napari_medssl._napari.panels.nnunet_section import NnunetSection
from napari_medssl._napari.panels.project import ProjectPanel
from napari_medssl._napari.panels.section import Scroll, words
from napari_medssl._napari.panels.segment import SegmentPanel
from napari_medssl._napari.panels.status_section import StatusSection
from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.job_watch import JobWatch
from napari_medssl._napari.presenters.nnunet import NnunetPresenter
from napari_medssl._napari.threads import WorkThread
from napari_medssl.jobs import JobStore, LocalEngine, jobs_folder

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.automatic_canvas import OpenProject
    from napari_medssl.jobs import Engine

_FOOTER = "Research use only. Not a medical device."


class NnunetPanel(QWidget):
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

    def __init__(
        self,
        napari_viewer: Any,
        parent: QWidget | None = None,
        store: JobStore | None = None,
        engine: Engine | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = napari_viewer
        store = store or JobStore(jobs_folder())
        self._section, self._status = NnunetSection(), StatusSection()
        self._lay_out()
        self._work, self._acting = WorkThread(), WorkThread()
        self._closed = False
        self.watch = JobWatch(store, self._work)
        activity = Activity(self._acting, self._status)
        self.presenter = NnunetPresenter(
            self._section,
            self.watch,
            activity,
            store,
            engine or LocalEngine(),
            self._open_project,
            self._offer,
        )
        activity.say("")
        self._connect()
        self.destroyed.connect(self._work.close)
        self.destroyed.connect(self._acting.close)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._look)
        self._clock.start(LOOK_EVERY_MS)
        self._section.tell()
        self.watch.look()

    def release(self) -> None:
        """Look no more, and give the threads back; the jobs go on."""
        if not self._closed:
            self._closed = True
            self._clock.stop()
            self.presenter.close()
            self._work.close()
            self._acting.close()

    def event(self, event: QEvent) -> bool:
        """Release everything when the dock closes: napari takes the panel out, unclosed."""
        gone = event.type() == QEvent.Type.ParentChange and self.parent() is None
        if gone or event.type() == QEvent.Type.Close:
            self.release()
        elif event.type() == QEvent.Type.Show:
            beside = panels_beside(self, SegmentPanel)
            share_tab(self, SegmentPanel if beside else ProjectPanel)
            self.presenter.show()
        return bool(super().event(event))

    def _look(self) -> None:
        """Look how the jobs are, and which project is open: it is another panel's."""
        self.watch.look()
        if self.isVisible():
            self.presenter.show()

    def _open_project(self) -> OpenProject | None:
        found = (p.presenter.open_project() for p in panels_beside(self, ProjectPanel))
        return next((there for there in found if there is not None), None)

    def _offer(self) -> None:
        """Let the Automatic panel see what has come for the case in hand."""
        for panel in panels_beside(self, AutomaticPanel):
            panel.presenter.review.offers.look()

    def _show_jobs(self) -> None:
        """Bring the Jobs panel to the front, docked if it was not."""
        if not panels_beside(self, JobsPanel):
            self._viewer.window.add_plugin_dock_widget("napari-medssl", "Jobs")
        for panel in panels_beside(self, JobsPanel):
            share_tab(panel, NnunetPanel)
            to_front(panel)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(6)
        column.addWidget(words("Train nnU-Net on your cases", style="font-size: 14px;"))
        column.addWidget(self._section)
        column.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(4)
        outside.addWidget(Scroll(inside), 1)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(6, 0, 6, 4)
        bottom.addWidget(self._status)
        bottom.addWidget(words(_FOOTER, style="color: #9aa4b2; font-size: 11px;"))
        outside.addLayout(bottom)

    def _connect(self) -> None:
        to, section = self.presenter, self._section
        section.settings_changed.connect(
            lambda given, everything: to.choose(given, everything=everything)
        )
        section.plan_asked.connect(to.plan)
        section.train_asked.connect(to.train)
        section.take_asked.connect(to.take)
        section.jobs_asked.connect(self._show_jobs)
