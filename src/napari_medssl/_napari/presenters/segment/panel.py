"""The Segment panel's decisions, put together from its sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.activity import Activity, StatusView, Work
from napari_medssl._napari.presenters.mask.brush import CorrectPresenter, CorrectView
from napari_medssl._napari.presenters.mask.finished import FinishedPresenter, FinishedView
from napari_medssl._napari.presenters.mask.history import HistoryPresenter, HistoryView
from napari_medssl._napari.presenters.mask.labels import LabelPresenter, LabelView
from napari_medssl._napari.presenters.mask.mask import MaskPresenter, SaveView
from napari_medssl._napari.presenters.mask.objects import ObjectPresenter
from napari_medssl._napari.presenters.mask.tools import ToolPresenter, ToolView
from napari_medssl._napari.presenters.prompts.engine import EnginePresenter, Engines, EngineView
from napari_medssl._napari.presenters.prompts.everything import EverythingPresenter, EverythingView
from napari_medssl._napari.presenters.prompts.growing import GrowPresenter, GrowView
from napari_medssl._napari.presenters.prompts.prompting import PromptPresenter, PromptView
from napari_medssl._napari.presenters.viewing.cine import CinePresenter, CineView
from napari_medssl._napari.presenters.viewing.image import ImagePresenter, ImageView
from napari_medssl._napari.presenters.viewing.second_scan import SecondScanPresenter, SecondScanView
from napari_medssl._napari.presenters.viewing.window import WindowPresenter, WindowView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_medssl._napari.presenters.mask.document import Document, What
    from napari_medssl._napari.presenters.prompts.marks import Stroke
    from napari_medssl._napari.presenters.scene import Scene, Tool
    from napari_medssl.correct import Step
    from napari_medssl.errors import MedSSLError
    from napari_medssl.segment import Plane, Prompts


@dataclass(frozen=True)
class SegmentViews:
    """The panel's sections."""

    image: ImageView
    window: WindowView
    cine: CineView
    second_scan: SecondScanView
    engine: EngineView
    prompt: PromptView
    grow: GrowView
    everything: EverythingView
    label: LabelView
    history: HistoryView
    correct: CorrectView
    tools: ToolView
    finished: FinishedView
    save: SaveView
    status: StatusView


class SegmentPresenter:
    """From an open scan to a saved mask.

    Parameters
    ----------
    views : SegmentViews
        The panel's sections.
    scene : Scene
        The canvas and its layers.
    work : Work
        The thread for everything slow.
    engines : Engines
        The networks to choose from.
    """

    def __init__(self, views: SegmentViews, scene: Scene, work: Work, engines: Engines) -> None:
        self._scene = scene
        self._document: Document | None = None
        self._deafen: Callable[[], None] | None = None
        self.activity = Activity(work, views.status)
        self.image = ImagePresenter(views.image, scene, self.activity)
        self.window = WindowPresenter(views.window, scene.windows, self.activity)
        self.cine = CinePresenter(views.cine, scene, self.activity)
        self.second_scan = SecondScanPresenter(views.second_scan, scene, self.activity, self.image)
        self.engine = EnginePresenter(views.engine, engines, self.activity)
        self.history = HistoryPresenter(views.history, scene, self.activity)
        self.labels = LabelPresenter(views.label, scene, self.activity, self.history)
        self.mask = MaskPresenter(views.save, scene, self.activity, self.history, self.labels)
        self.correct = CorrectPresenter(views.correct, scene, self.activity, self.labels)
        self.tools = ToolPresenter(views.tools, scene, self.activity, self.history, self.labels)
        self.finished = FinishedPresenter(views.finished, scene, self.activity)
        self.prompting = PromptPresenter(views.prompt, scene, self.activity, self.engine, self.mask)
        self.growing = GrowPresenter(
            views.grow,
            scene,
            self.activity,
            self.engine,
            self.history,
            self.labels,
            self.prompting,
        )
        self.objects = ObjectPresenter(scene, self.activity, self.labels, self.choose_label)
        self.everything = EverythingPresenter(
            views.everything, scene, self.activity, self.engine, self.history, self.labels
        )

    def start(self) -> None:
        """Show what is open, and start the engine in the background."""
        self.activity.say("Open an image to begin.")
        self.engine.start()
        self.tools.start()
        self.image_changed()

    def close(self) -> None:
        """Settle what is under way and listen no more."""
        self.cine.stop()
        self.everything.drop(quietly=True)
        self.growing.drop(quietly=True)
        self.history.close()
        self._listen(None)

    def image_changed(self) -> None:
        """React to another image in hand, or none."""
        self._listen(self._scene.document)
        self.growing.drop(quietly=True)
        self.image.image_changed()
        for part in (self.window, self.cine, self.second_scan):
            part.image_changed()
        self._show_mask()
        self.correct.image_changed()
        self.prompting.image_changed()
        self.everything.image_changed()

    def mask_changed(self) -> None:
        """React to another mask in hand, or none."""
        self._listen(self._scene.document)
        self._show_mask()
        self.correct.show_brush()
        self.prompting.follow()

    def allow_overwrite(self, allowed: bool) -> None:
        """Whether brush, outlines and tools may take voxels from other labels."""
        for part in (self.correct, self.mask, self.tools, self.everything, self.growing):
            part.allow_overwrite(allowed)

    def window_changed(self) -> None:
        """React to a new window of the image."""
        self.window.window_changed()
        self.prompting.window_changed()

    def windowed_changed(self) -> None:
        """React to the window of a scan that lies over the image."""
        self.window.window_changed()

    def slice_changed(self) -> None:
        """React to another slice on the screen."""
        self.finished.show()
        self.correct.show_brush()
        self.prompting.look_at_slice()

    def keep(self) -> None:
        """Keep what was found through the volume; without that, the outlines."""
        (self.growing.keep if self.growing.waiting else self.prompting.keep)()

    def discard(self) -> None:
        """Throw away what was found through the volume; without that, marks and outlines."""
        (self.growing.drop if self.growing.waiting else self.prompting.discard)()

    def tool_changed(self, tool: Tool) -> None:
        """React to a tool picked up on the canvas."""
        if tool != "look":
            self.cine.stop()
        self.prompting.tool_changed(tool)

    def choose_label(self, value: int) -> None:
        """Draw with another label."""
        self.labels.choose(value)
        self.tools.show_others()

    def step_label(self, by: int) -> None:
        """Draw with the label so many lines further down."""
        self.labels.step(by)
        self.tools.show_others()

    def label_picked(self, value: int) -> None:
        """React to a label picked with napari's own tools."""
        self.choose_label(value)

    def brush_changed(self) -> None:
        """React to another size of the brush."""
        self.correct.show_brush()

    def undo_asked(self) -> None:
        """React to the key that undoes."""
        self.history.undo()

    def redo_asked(self) -> None:
        """React to the key that redoes."""
        self.history.redo()

    def voxels_left(self, count: int) -> None:
        """React to a stroke of which a part was put back."""
        self.correct.voxels_left(count)

    def range_picked(self, low: float, high: float) -> None:
        """React to a range shown with the brush."""
        self.correct.range_picked(low, high)

    def prompts_changed(self, prompts: Mapping[Plane, Prompts]) -> None:
        """React to a prompt that was added, moved or deleted."""
        self.prompting.prompts_changed(prompts)

    def prompts_refused(self, error: MedSSLError) -> None:
        """React to prompts that contradict each other."""
        self.prompting.prompts_refused(error)

    def stroke_drawn(self, stroke: Stroke) -> None:
        """React to a scribble, a lasso, or a mark on one of the three planes."""
        self.prompting.stroke_drawn(stroke)

    def _listen(self, document: Document | None) -> None:
        if document is self._document:
            return
        if self._deafen is not None:
            self._deafen()
        self._document = document
        self._deafen = document.listen(self._hear) if document is not None else None

    def _hear(self, what: What, step: Step | None) -> None:
        """React to a change of the document, whoever made it."""
        if what == "labels":
            self.labels.show()
            self.tools.show_others()
        elif what == "done":
            self.finished.show()
        elif step is not None:
            self.history.show()
            self.everything.hear(what, step)
            if step.edit is not None:
                self.objects.voxels_changed()
            if step.prompts is not None:
                self.prompting.follow()
                self.growing.marks_changed()

    def _show_mask(self) -> None:
        self.objects.mask_changed()
        self.labels.show()
        self.tools.show_others()
        self.history.show()
        self.finished.show()
