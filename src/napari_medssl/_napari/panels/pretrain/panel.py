"""The Pre-train panel: learn from scans without masks, in the background, and hand it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl._napari.panels.dock_panel import DockPanel
from napari_medssl._napari.panels.docks import open_panel
from napari_medssl._napari.panels.jobs.panel import JobsPanel, notify
from napari_medssl._napari.panels.learn.panel import LearnPanel
from napari_medssl._napari.panels.pretrain.images_section import PretrainImagesSection
from napari_medssl._napari.panels.pretrain.method_section import PretrainMethodSection
from napari_medssl._napari.panels.pretrain.result_section import PretrainResultSection
from napari_medssl._napari.panels.pretrain.run_section import PretrainRunSection
from napari_medssl._napari.panels.project.open_project import open_project_beside
from napari_medssl._napari.panels.project.panel import ProjectPanel
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.automatic.installed_models import InstalledModels
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl._napari.presenters.learn.learning import Bench
from napari_medssl._napari.presenters.pretrain.panel import PretrainingPresenter, PretrainViews
from napari_medssl._napari.presenters.pretrain.wishes import PretrainWishes
from napari_medssl.jobs import JobStore, jobs_folder
from napari_medssl.jobs.engines import Engines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

    from napari_medssl.jobs import Engine


class PretrainPanel(DockPanel):
    """The dock "Pre-train" of one viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    store : JobStore, optional
        Where jobs are kept; the user's own unless given.
    engine : Engine, optional
        What runs them here; this machine unless given.
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
        engines = Engines()
        engine, store = engine or engines, store or JobStore(jobs_folder())
        self._folder: Path | None = None
        self._images, self._method = PretrainImagesSection(), PretrainMethodSection()
        self._run, self._result = PretrainRunSection(), PretrainResultSection()
        parts = (self._images, self._method, self._run, self._result)
        scroll = self.lay_out(*parts, title="Learn from scans without masks", separated=False)
        self._result.came.connect(lambda: scroll.reveal(self._result))
        work = self.thread_of_its_own()
        self.watch = JobWatch(store, work, engine.refresh)
        acting = self.thread_of_its_own()
        activity = Activity(acting, self.status)
        self.presenter = PretrainingPresenter(
            PretrainViews(self._images, self._method, self._run, self._result),
            self.thread_of_its_own(),
            activity,
            self.watch,
            Bench(store, engine, device or InstalledModels().device, acting),
            engines,
            lambda: open_project_beside(self),
            notify,
        )
        activity.say("No mask is needed, and no scan is changed.")
        self._connect()
        self._tell()
        self.every_second(self._look)
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

    def _take_folder(self, folder: Path | None) -> None:
        self._folder = folder
        self._tell()

    def _tell(self) -> None:
        self.presenter.images.choose(PretrainWishes(folder=self._folder, **self._method.given()))

    def _connect(self) -> None:
        to = self.presenter
        self._images.folder_chosen.connect(self._take_folder)
        self._method.changed.connect(self._tell)
        self._method.begin_asked.connect(to.images.begin)
        self._run.stop_asked.connect(to.run.stop)
        self._run.go_on_asked.connect(to.run.go_on)
        self._run.jobs_asked.connect(lambda: open_panel(self, JobsPanel, "Jobs"))
        self._result.offer_changed.connect(to.result.offer)
        self._result.learn_asked.connect(lambda: open_panel(self, LearnPanel, "Learn"))
