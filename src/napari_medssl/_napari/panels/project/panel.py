"""The Project panel: cases, kept stroke by stroke, opened again as they were left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_medssl._napari.case_scene import CaseScene
from napari_medssl._napari.keys import PanelKeys
from napari_medssl._napari.panels.docks import go_to_canvas, outermost, share_tab, to_front
from napari_medssl._napari.panels.export_dialog import ExportDialog
from napari_medssl._napari.panels.project.case_list import CaseList
from napari_medssl._napari.panels.project.header import ProjectHeader
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.panels.status_section import StatusSection
from napari_medssl._napari.presenters.project.panel import ProjectPresenter, ProjectViews
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects
from napari_medssl._napari.threads import WorkThread

if TYPE_CHECKING:
    from collections.abc import Callable


class ProjectPanel(QWidget):
    """The dock "Project" of one viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    recent : RecentProjects, optional
        The projects opened last; the user's own unless given.
    """

    def __init__(
        self,
        napari_viewer: Any,
        parent: QWidget | None = None,
        recent: RecentProjects | None = None,
    ) -> None:
        super().__init__(parent)
        # layers from napari's proxy are new objects each time; see the Segment panel
        viewer = self._viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self._header = ProjectHeader()
        self._cases = CaseList()
        self._status = StatusSection()
        self._scene = CaseScene(viewer)
        self._work = WorkThread()
        self._keys = PanelKeys(viewer)
        self._window: QWidget | None = None
        self._closed = False
        self._then: tuple[str, Callable[[], None]] | None = None  # for a case to be opened
        self.presenter = ProjectPresenter(
            ProjectViews(self._header, self._cases, self._cases, self._status),
            self._scene,
            self._work,
            recent or RecentProjects(),
        )
        self._lay_out()
        self._connect()
        self._scene.listen(self.presenter.case)
        self.destroyed.connect(self._work.close)
        self.destroyed.connect(self.presenter.abandon)  # the window closed, and flushed before
        self.presenter.start()

    def ask_new(self) -> None:
        """Ask for the folder of a new project."""
        self._header.ask_new()

    def ask_open(self) -> None:
        """Ask for the folder of a project."""
        self._header.ask_open()

    def open_export(self) -> None:
        """Ask what to export, and as what."""
        sources = self.presenter.export_sources()
        if sources:
            ExportDialog(self, sources).open()

    def open_case(self, case: str, then: Callable[[], None]) -> None:
        """Open a case; ``then`` is called when it is there and its tools are in front."""
        if case == self.presenter.case.id:
            then()
            return
        self._then = case, then
        self.presenter.case.open(case)

    def open_learn(self) -> None:
        """Bring the Learn panel to the front, docked if it was not."""
        to_front(self._viewer.window.add_plugin_dock_widget("napari-medssl", "Learn")[1])

    def release(self) -> None:
        """Write what is left, close the project, give keys, events and the thread back."""
        if self._closed:
            return
        self._closed = True
        self.presenter.close(may_stay=False)
        self._keys.release()
        self._scene.close()
        self._work.close()
        if self._window is not None:
            self._window.removeEventFilter(self)
            self._window = None

    def event(self, event: QEvent) -> bool:
        """Release everything when the dock closes: napari takes the panel out, unclosed."""
        gone = event.type() == QEvent.Type.ParentChange and self.parent() is None
        if gone or event.type() == QEvent.Type.Close:
            self.release()
        elif event.type() == QEvent.Type.Show:
            self._watch_window()
        return bool(super().event(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Write what is left before the main window closes; the user may choose to stay."""
        closing = watched is self._window and event.type() == QEvent.Type.Close
        if closing and not self._closed and not self.presenter.flush():
            event.ignore()
            return True
        return bool(super().eventFilter(watched, event))

    def _watch_window(self) -> None:
        """Find the main window: of a floating dock too it is the outermost parent."""
        window = outermost(self)
        if window is not self._window:
            self._window = window
            window.installEventFilter(self)
            share_tab(self, SegmentPanel)

    def _on_opened(self) -> None:
        go_to_canvas(self, SegmentPanel)
        asked, self._then = self._then, None
        if asked is not None and asked[0] == self.presenter.case.id:
            asked[1]()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(6)
        column.addWidget(self._header)
        column.addWidget(self._cases, 100)
        column.addStretch(1)  # where there is no list
        column.addWidget(self._status)
        self._cases.hide()
        self._header.project_shown.connect(self._cases.setVisible)

    def _connect(self) -> None:
        to, header, cases = self.presenter, self._header, self._cases
        header.create_asked.connect(to.create)
        header.open_asked.connect(to.open)
        header.recent_chosen.connect(to.open_recent)
        header.close_asked.connect(to.close)
        header.retry_asked.connect(to.retry)
        header.again_asked.connect(to.try_again)
        cases.open_asked.connect(to.case.open)
        cases.opened.connect(self._on_opened)
        cases.step_asked.connect(to.cases.open_next)
        cases.status_asked.connect(to.cases.set_status)
        cases.filter_chosen.connect(lambda status: to.cases.choose_filter(status or None))
        cases.paths_chosen.connect(to.cases.add)
        cases.find_chosen.connect(to.case.relocate)
        cases.export_asked.connect(self.open_export)
        cases.learn_asked.connect(self.open_learn)
        self._keys.bind(
            {
                "next-case": lambda: to.cases.open_next(1),
                "previous-case": lambda: to.cases.open_next(-1),
            }
        )
