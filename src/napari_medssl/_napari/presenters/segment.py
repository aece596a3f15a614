"""The Segment panel's decisions, put together from its sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.activity import Activity, StatusView, Work
from napari_medssl._napari.presenters.engine import EnginePresenter, Engines, EngineView
from napari_medssl._napari.presenters.image import ImagePresenter, ImageView
from napari_medssl._napari.presenters.mask import LabelView, MaskPresenter, SaveView
from napari_medssl._napari.presenters.prompting import PromptPresenter, PromptView
from napari_medssl._napari.presenters.window import WindowPresenter, WindowView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl._napari.presenters.scene import Scene, Tool
    from napari_medssl.errors import MedSSLError
    from napari_medssl.segment import Plane, Prompts


@dataclass(frozen=True)
class SegmentViews:
    """The panel's sections."""

    image: ImageView
    window: WindowView
    engine: EngineView
    prompt: PromptView
    label: LabelView
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
        self.activity = Activity(work, views.status)
        self.image = ImagePresenter(views.image, scene, self.activity)
        self.window = WindowPresenter(views.window, scene, self.activity)
        self.engine = EnginePresenter(views.engine, engines, self.activity)
        self.mask = MaskPresenter(views.label, views.save, scene, self.activity)
        self.prompting = PromptPresenter(views.prompt, scene, self.activity, self.engine, self.mask)

    def start(self) -> None:
        """Show what is open, and start the engine in the background."""
        self.activity.say("Open an image to begin.")
        self.engine.start()
        self.mask.start()
        self.image_changed()

    def image_changed(self) -> None:
        """React to another image in hand, or none."""
        self.image.image_changed()
        self.window.image_changed()
        self.mask.image_changed()
        self.prompting.image_changed()

    def window_changed(self) -> None:
        """React to a new window of the image."""
        self.window.window_changed()
        self.prompting.window_changed()

    def slice_changed(self) -> None:
        """React to another slice on the screen."""
        self.prompting.look_at_slice()

    def tool_changed(self, tool: Tool) -> None:
        """React to a tool picked up on the canvas."""
        self.prompting.tool_changed(tool)

    def prompts_changed(self, prompts: Mapping[Plane, Prompts]) -> None:
        """React to a prompt that was added, moved or deleted."""
        self.prompting.prompts_changed(prompts)

    def prompts_refused(self, error: MedSSLError) -> None:
        """React to prompts that contradict each other."""
        self.prompting.prompts_refused(error)
