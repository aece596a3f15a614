"""The Automatic panel: find everything a model knows, look, and accept what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl._napari.automatic_scene import AutomaticScene
from napari_medssl._napari.panels.automatic.model_section import ModelSection
from napari_medssl._napari.panels.automatic.review_section import ReviewSection
from napari_medssl._napari.panels.automatic.run_section import RunSection
from napari_medssl._napari.panels.dock_panel import DockPanel
from napari_medssl._napari.panels.project.open_project import open_project_beside
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.presenters.automatic.installed_models import InstalledModels
from napari_medssl._napari.presenters.automatic.panel import AutomaticPresenter, AutomaticViews
from napari_medssl.jobs import JobStore, jobs_folder
from napari_medssl.jobs.engines import Engines

if TYPE_CHECKING:
    from qtpy.QtGui import QEnterEvent
    from qtpy.QtWidgets import QWidget

    from napari_medssl._napari.presenters.automatic.models import Models
    from napari_medssl._napari.presenters.automatic.run import RunSettings
    from napari_medssl.jobs import Engine


class AutomaticPanel(DockPanel):
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

    beside = (SegmentPanel,)

    def __init__(
        self,
        napari_viewer: Any,
        parent: QWidget | None = None,
        models: Models | None = None,
        store: JobStore | None = None,
        engine: Engine | None = None,
    ) -> None:
        super().__init__(napari_viewer, parent)
        self._model, self._run, self._review = ModelSection(), RunSection(), ReviewSection()
        parts = (self._model, self._run, self._review)
        scroll = self.lay_out(*parts, title="Find everything a model knows")
        self._review.opened.connect(lambda: scroll.reveal(self._review))
        self._scene = AutomaticScene(self.viewer)
        self.presenter = AutomaticPresenter(
            AutomaticViews(
                self._model, self._run, self._run, self._review, self._review, self.status
            ),
            self._scene,
            self.thread_of_its_own(),
            self.thread_of_its_own(),
            models or InstalledModels(),
            lambda: open_project_beside(self),
            store or JobStore(jobs_folder()),
            engine or Engines(),
        )
        self._connect()
        self.every_second(self.presenter.all_cases.look)
        self.destroyed.connect(self.presenter.run.stop)  # the window closed without a word to us
        self._scene.listen(self.presenter)
        self.presenter.start()

    def on_release(self) -> None:
        """Stop what runs here."""
        self.presenter.close()
        self._scene.close()

    def on_shown(self) -> None:
        """Look which project is open."""
        self.presenter.show()

    def look_at_proposal(self) -> None:
        """Show what waits for the case in hand."""
        self.presenter.show()
        self.presenter.review.offers.open()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Look again which project is open: it is another panel's."""
        super().enterEvent(event)
        self.presenter.show()

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
