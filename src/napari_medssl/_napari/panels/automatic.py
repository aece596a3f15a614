"""The Automatic panel: find everything a model knows, look, and accept what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_medssl._napari.automatic_scene import AutomaticScene
from napari_medssl._napari.panels.docks import panels_beside, share_tab
from napari_medssl._napari.panels.jobs import LOOK_EVERY_MS
from napari_medssl._napari.panels.model_section import ModelSection
from napari_medssl._napari.panels.project import ProjectPanel
from napari_medssl._napari.panels.review_section import ReviewSection
from napari_medssl._napari.panels.run_section import RunSection
from napari_medssl._napari.panels.section import Scroll, separator, words
from napari_medssl._napari.panels.segment import SegmentPanel
from napari_medssl._napari.panels.status_section import StatusSection
from napari_medssl._napari.presenters.automatic import AutomaticPresenter, AutomaticViews
from napari_medssl._napari.presenters.installed_models import InstalledModels
from napari_medssl._napari.threads import WorkThread
from napari_medssl.jobs import JobStore, LocalEngine, jobs_folder

if TYPE_CHECKING:
    from qtpy.QtGui import QEnterEvent

    from napari_medssl._napari.presenters.automatic_canvas import OpenProject
    from napari_medssl._napari.presenters.automatic_run import RunSettings
    from napari_medssl._napari.presenters.models import Models
    from napari_medssl.jobs import Engine

_FOOTER = "Research use only. Not a medical device."


class AutomaticPanel(QWidget):
    """The dock "Automatic" of one viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    models : Models, optional
        The models to choose from; those installed unless given.
    store : JobStore, optional
        Where jobs are kept; the user's own unless given.
    engine : Engine, optional
        What runs them; this machine unless given.
    """

    def __init__(
        self,
        napari_viewer: Any,
        parent: QWidget | None = None,
        models: Models | None = None,
        store: JobStore | None = None,
        engine: Engine | None = None,
    ) -> None:
        super().__init__(parent)
        # layers from napari's proxy are new objects each time; see the Segment panel
        viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self._model, self._run = ModelSection(), RunSection()
        self._review, self._status = ReviewSection(), StatusSection()
        self._lay_out()
        self._scene = AutomaticScene(viewer)
        self._work, self._runner = WorkThread(), WorkThread()
        self._closed = False
        self.presenter = AutomaticPresenter(
            AutomaticViews(
                self._model, self._run, self._run, self._review, self._review, self._status
            ),
            self._scene,
            self._work,
            self._runner,
            models or InstalledModels(),
            self._open_project,
            store or JobStore(jobs_folder()),
            engine or LocalEngine(),
        )
        self._connect()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.presenter.all_cases.look)
        self._timer.start(LOOK_EVERY_MS)
        self.destroyed.connect(self.presenter.run.stop)  # the window closed without a word to us
        self.destroyed.connect(self._work.close)
        self.destroyed.connect(self._runner.close)
        self._scene.listen(self.presenter)
        self.presenter.start()

    def release(self) -> None:
        """Stop what runs here, give events and threads back; mask and jobs stay as they are."""
        if not self._closed:
            self._closed = True
            self._timer.stop()
            self.presenter.close()
            self._scene.close()
            self._work.close()
            self._runner.close()

    def event(self, event: QEvent) -> bool:
        """Release everything when the dock closes: napari takes the panel out, unclosed."""
        gone = event.type() == QEvent.Type.ParentChange and self.parent() is None
        if gone or event.type() == QEvent.Type.Close:
            self.release()
        elif event.type() == QEvent.Type.Show:
            share_tab(self, SegmentPanel)
            self.presenter.show()
        return bool(super().event(event))

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Look again which project is open: it is another panel's."""
        super().enterEvent(event)
        self.presenter.show()

    def _open_project(self) -> OpenProject | None:
        found = (p.presenter.open_project() for p in panels_beside(self, ProjectPanel))
        return next((there for there in found if there is not None), None)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(6)
        column.addWidget(words("Find everything a model knows", style="font-size: 14px;"))
        for section in (self._model, self._run, self._review):
            column.addWidget(separator())
            column.addWidget(section)
        column.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(4)
        scroll = Scroll(inside)
        self._review.opened.connect(lambda: scroll.reveal(self._review))
        outside.addWidget(scroll, 1)
        foot = QWidget()
        bottom = QVBoxLayout(foot)
        bottom.setContentsMargins(6, 0, 6, 4)
        bottom.addWidget(self._status)
        bottom.addWidget(words(_FOOTER, style="color: #9aa4b2; font-size: 11px;"))
        outside.addWidget(foot)

    def _connect(self) -> None:
        to = self.presenter
        self._model.model_chosen.connect(to.model.choose)
        self._model.file_chosen.connect(to.model.add)
        self._run.run_asked.connect(to.run.run_here)
        self._run.all_asked.connect(lambda anyway: to.all_cases.run(anyway=anyway))
        self._run.stop_asked.connect(to.run.stop)
        self._run.stop_all_asked.connect(to.all_cases.stop)
        self._run.settings_changed.connect(self._set)
        self._review.look_asked.connect(to.review.offers.open)
        self._review.look_chosen.connect(to.review.show_as)
        self._review.target_chosen.connect(to.review.choose_target)
        self._review.uncertainty_chosen.connect(to.review.show_uncertainty)
        self._review.accept_asked.connect(to.review.accept)
        self._review.all_asked.connect(to.review.accept_all)
        self._review.discard_asked.connect(to.review.discard)
        self._review.undo_asked.connect(to.history.undo)

    def _set(self, settings: RunSettings) -> None:
        self.presenter.run.settings = settings
