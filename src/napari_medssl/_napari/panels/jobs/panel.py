"""The Jobs panel: what runs in the background, how far it is, and how to stop or resume it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info, show_warning

from napari_medssl._napari.panels.dock_panel import DockPanel
from napari_medssl._napari.panels.jobs.detail_section import JobDetailSection
from napari_medssl._napari.panels.jobs.job_list import JobList
from napari_medssl._napari.panels.project.panel import ProjectPanel
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.jobs.panel import JobsPresenter
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl.jobs import JobStore, jobs_folder
from napari_medssl.jobs.engines import Engines

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_medssl.jobs import Engine

_HINT = "Jobs go on when napari is closed, and are found here again."


class JobsPanel(DockPanel):
    """The dock "Jobs" of one viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    store : JobStore, optional
        Whose jobs; the user's own unless given.
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
        self._list, self._detail = JobList(), JobDetailSection()
        self.lay_out(self._detail, title="Work in the background", head=self._list, footer=False)
        work = self.thread_of_its_own()
        self.watch = JobWatch(store, work, engine.refresh)
        activity = Activity(self.thread_of_its_own(), self.status)
        self.presenter = JobsPresenter(
            self._list,
            self._detail,
            self.watch,
            work,
            activity,
            store,
            engine,
            notify,
        )
        self._list.job_chosen.connect(self.presenter.choose)
        self._detail.stop_asked.connect(self.presenter.stop)
        self._detail.resume_asked.connect(self.presenter.resume)
        self._detail.remove_asked.connect(self.presenter.remove)
        activity.say(_HINT)
        self.every_second(self.watch.look)
        self.watch.look()

    def on_release(self) -> None:
        """Look no more; the jobs go on."""
        self.presenter.close()


def notify(sentence: str, is_failure: bool) -> None:
    """Let napari tell something, wherever the user is."""
    (show_warning if is_failure else show_info)(sentence)
