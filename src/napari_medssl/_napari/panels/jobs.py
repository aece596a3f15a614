"""The Jobs panel: what runs in the background, how far it is, and how to stop or resume it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info, show_warning
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_medssl._napari.panels.docks import panels_beside, share_tab
from napari_medssl._napari.panels.job_detail_section import JobDetailSection
from napari_medssl._napari.panels.job_list import JobList
from napari_medssl._napari.panels.project import ProjectPanel
from napari_medssl._napari.panels.section import Scroll, separator, words
from napari_medssl._napari.panels.segment import SegmentPanel
from napari_medssl._napari.panels.status_section import StatusSection
from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.job_watch import JobWatch
from napari_medssl._napari.presenters.jobs import JobsPresenter
from napari_medssl._napari.threads import WorkThread
from napari_medssl.jobs import JobStore, LocalEngine, jobs_folder

if TYPE_CHECKING:
    from napari_medssl.jobs import Engine

#: a look at many jobs takes milliseconds, and what is told is seldom told more often
LOOK_EVERY_MS = 1000
_HINT = "Jobs go on when napari is closed, and are found here again."


class JobsPanel(QWidget):
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

    def __init__(
        self,
        napari_viewer: Any,
        parent: QWidget | None = None,
        store: JobStore | None = None,
        engine: Engine | None = None,
    ) -> None:
        super().__init__(parent)
        store = store or JobStore(jobs_folder())
        self._list, self._detail, self._status = JobList(), JobDetailSection(), StatusSection()
        self._lay_out()
        self._work, self._acting = WorkThread(), WorkThread()
        self._closed = False
        self.watch = JobWatch(store, self._work)
        activity = Activity(self._acting, self._status)
        self.presenter = JobsPresenter(
            self._list,
            self._detail,
            self.watch,
            self._work,
            activity,
            store,
            engine or LocalEngine(),
            _notify,
        )
        self._list.job_chosen.connect(self.presenter.choose)
        self._detail.stop_asked.connect(self.presenter.stop)
        self._detail.resume_asked.connect(self.presenter.resume)
        self._detail.remove_asked.connect(self.presenter.remove)
        self.destroyed.connect(self._work.close)
        self.destroyed.connect(self._acting.close)
        activity.say(_HINT)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self.watch.look)
        self._clock.start(LOOK_EVERY_MS)
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
        return bool(super().event(event))

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 4, 6, 4)
        column.addWidget(self._detail)
        column.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 4, 0, 0)
        outside.setSpacing(4)
        head = QVBoxLayout()
        head.setContentsMargins(6, 0, 6, 0)
        head.addWidget(words("Work in the background", style="font-size: 14px;"))
        head.addWidget(self._list)
        head.addWidget(separator())
        outside.addLayout(head)
        outside.addWidget(Scroll(inside), 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(6, 0, 6, 4)
        foot.addWidget(self._status)
        outside.addLayout(foot)


def _notify(sentence: str, is_failure: bool) -> None:
    (show_warning if is_failure else show_info)(sentence)
