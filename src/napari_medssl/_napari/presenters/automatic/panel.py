"""The Automatic panel's decisions, put together from its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.activity import Activity, StatusView, Work
from napari_medssl._napari.presenters.automatic.all_cases import AllCasesPresenter, AllCasesView
from napari_medssl._napari.presenters.automatic.models import ModelPresenter, Models, ModelView
from napari_medssl._napari.presenters.automatic.review import ReviewPresenter, ReviewView
from napari_medssl._napari.presenters.automatic.run import RunPresenter, RunView
from napari_medssl._napari.presenters.mask.history import HistoryPresenter, HistoryView

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from napari_medssl._napari.presenters.automatic.canvas import AutomaticCanvas, Door
    from napari_medssl._napari.presenters.mask.document import Document, What
    from napari_medssl.correct import Step
    from napari_medssl.jobs import Engine, JobStore


@dataclass(frozen=True)
class AutomaticViews:
    """The panel's parts."""

    model: ModelView
    run: RunView
    all_cases: AllCasesView
    review: ReviewView
    history: HistoryView
    status: StatusView


class AutomaticPresenter:
    """From a model to accepted labels.

    Parameters
    ----------
    views : AutomaticViews
        The panel's parts.
    canvas : AutomaticCanvas
        The image in hand and its layers.
    work, runner : Work
        A thread for what takes seconds, and one for the model.
    models : Models
        The models to choose from.
    door : Door
        Returns the project that is open in the same window.
    store, engine : JobStore, Engine
        Where jobs are kept, and what runs them.
    """

    def __init__(
        self,
        views: AutomaticViews,
        canvas: AutomaticCanvas,
        work: Work,
        runner: Work,
        models: Models,
        door: Door,
        store: JobStore,
        engine: Engine,
    ) -> None:
        self._canvas = canvas
        self._document: Document | None = None
        self._deafen: Callable[[], None] | None = None
        self.activity = Activity(work, views.status)
        self.history = HistoryPresenter(views.history, canvas, self.activity)
        self.model = ModelPresenter(views.model, canvas, self.activity, models, self._model_changed)
        self.review = ReviewPresenter(views.review, canvas, self.activity, self.history, door)
        self.run = RunPresenter(
            views.run, canvas, self.activity, runner, models, self.model, door, self.review.take
        )
        self.all_cases = AllCasesPresenter(
            views.all_cases,
            self.activity,
            work,
            models,
            self.model,
            door,
            store,
            engine,
            lambda: self.run.settings,
            self._arrived,
        )

    def start(self) -> None:
        """Show what is open, and look for models."""
        self.activity.say("Choose a model, then run it on this image or on all cases.")
        self.model.start()
        self.image_changed()

    def close(self) -> None:
        """Stop what runs in the window, settle what is under way and listen no more."""
        self.run.stop()
        self.all_cases.close()
        self.history.close()
        self._listen(None)

    def image_changed(self) -> None:
        """React to another image in hand, or none."""
        self._listen(self._canvas.document)
        self.history.show()
        self.review.image_changed()
        self.model.look_at_image()
        self.show()

    def mask_changed(self) -> None:
        """React to another mask in hand, or none."""
        self._listen(self._canvas.document)
        self.history.show()
        self.review.mask_changed()

    def show(self) -> None:
        """Show what can be run now."""
        self.run.show()
        self.all_cases.show()

    def _model_changed(self) -> None:
        self.show()

    def _arrived(self, cases: Collection[str]) -> None:
        """React to proposals that a job has brought, or to another project."""
        self.review.offers.count()
        if self._canvas.case in cases:
            self.review.offers.look()

    def _listen(self, document: Document | None) -> None:
        if document is self._document:
            return
        if self._deafen is not None:
            self._deafen()
        self._document = document
        self._deafen = document.listen(self._hear) if document is not None else None

    def _hear(self, what: What, step: Step | None) -> None:
        """React to a change of the document, whoever made it."""
        if what == "labels" and self._document is not None:
            self._canvas.show_labels(self._document.labels)
        self.history.show()
        self.review.mask_changed()
