"""The Segment panel: from an open scan to a saved mask, from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_medssl._napari.keys import PanelKeys
from napari_medssl._napari.panels.correct_section import CorrectSection, SaveSection
from napari_medssl._napari.panels.engine_section import EngineSection
from napari_medssl._napari.panels.image_section import ImageSection
from napari_medssl._napari.panels.label_row import LabelRow
from napari_medssl._napari.panels.outline_section import OutlineSection
from napari_medssl._napari.panels.section import Scroll, separator, words
from napari_medssl._napari.panels.status_section import StatusSection
from napari_medssl._napari.panels.view_section import ViewSection
from napari_medssl._napari.presenters.installed_engines import InstalledEngines
from napari_medssl._napari.presenters.segment import SegmentPresenter, SegmentViews
from napari_medssl._napari.scene import ViewerScene
from napari_medssl._napari.threads import WorkThread

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.engine import Engines
    from napari_medssl._napari.presenters.scene import Tool

_FOOTER = "Research use only. Not a medical device."


class SegmentPanel(QWidget):
    """The dock "Segment" of one viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    engines : Engines, optional
        The networks to choose from; those installed unless given.
    """

    def __init__(
        self, napari_viewer: Any, parent: QWidget | None = None, engines: Engines | None = None
    ) -> None:
        super().__init__(parent)
        # layers from napari's proxy are new objects each time; we use public names only, so the
        # viewer behind it serves
        viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self._image = ImageSection()
        self._view = ViewSection()
        self._engine = EngineSection()
        self._label = LabelRow()
        self._outline = OutlineSection(self._engine, self._label)
        self._correct = CorrectSection()
        self._save = SaveSection()
        self._status = StatusSection()
        self._lay_out()
        self._scene = ViewerScene(viewer)
        self._work = WorkThread()
        self.destroyed.connect(self._work.close)  # a window that closes says nothing else to us
        self._keys = PanelKeys(viewer)
        self._closed = False
        self.presenter = SegmentPresenter(
            SegmentViews(
                self._image, self._view, self._engine, self, self._label, self._save, self._status
            ),
            self._scene,
            self._work,
            engines or InstalledEngines(),
        )
        self._connect()
        self._scene.listen(self.presenter)
        self.presenter.start()

    def show_tool(self, tool: Tool) -> None:
        """Press the button of the tool in use, wherever it stands."""
        self._outline.show_tool(tool)
        self._correct.show_tool(tool)

    def allow_keep(self, allowed: bool) -> None:
        """Whether there is an outline to keep or discard."""
        self._outline.allow_keep(allowed)

    def allow_undo_prompt(self, allowed: bool) -> None:
        """Whether there is a prompt to take back."""
        self._outline.allow_undo_prompt(allowed)

    def ask_file(self) -> None:
        """Ask for an image file and open it."""
        self._image.ask_file()

    def ask_folder(self) -> None:
        """Ask for a DICOM folder and open it."""
        self._image.ask_folder()

    def release(self) -> None:
        """Give keys, events and the thread back; the mask stays on the canvas."""
        if not self._closed:
            self._closed = True
            self._keys.release()
            self._scene.close()
            self._work.close()

    def event(self, event: QEvent) -> bool:
        """Release everything when the dock closes: napari takes the panel out, unclosed."""
        gone = event.type() == QEvent.Type.ParentChange and self.parent() is None
        if gone or event.type() == QEvent.Type.Close:
            self.release()
        return bool(super().event(event))

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(6)
        sections = (self._image, self._view, self._outline, self._correct, self._save)
        for number, section in enumerate(sections):
            if number:
                column.addWidget(separator())
            column.addWidget(section)
        column.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(4)
        outside.addWidget(Scroll(inside), 1)
        foot = QWidget()
        bottom = QVBoxLayout(foot)
        bottom.setContentsMargins(6, 0, 6, 4)
        bottom.addWidget(self._status)
        bottom.addWidget(words(_FOOTER, style="color: #9aa4b2; font-size: 11px;"))
        outside.addWidget(foot)

    def _connect(self) -> None:
        to = self.presenter
        self._image.path_chosen.connect(to.image.open)
        self._image.reopen_asked.connect(to.image.reopen)
        self._image.volume_chosen.connect(to.image.choose_volume)
        self._view.plane_chosen.connect(self._scene.show_plane)
        self._view.preset_chosen.connect(to.window.choose_preset)
        self._view.values_chosen.connect(to.window.choose_values)
        self._engine.engine_chosen.connect(to.engine.choose)
        self._engine.device_chosen.connect(to.engine.choose_device)
        self._engine.weights_chosen.connect(to.engine.add_weights)
        self._outline.tool_chosen.connect(to.prompting.use_tool)
        self._outline.keep_asked.connect(to.prompting.keep)
        self._outline.discard_asked.connect(to.prompting.discard)
        self._outline.undo_prompt_asked.connect(to.prompting.undo_prompt)
        self._correct.tool_chosen.connect(to.prompting.use_tool)
        self._correct.undo_asked.connect(to.mask.undo)
        self._label.label_chosen.connect(to.mask.choose_label)
        self._label.label_added.connect(to.mask.add_label)
        self._label.renamed.connect(to.mask.rename)
        self._label.recoloured.connect(lambda r, g, b: to.mask.recolour((r, g, b)))
        self._label.overwrite_chosen.connect(to.mask.allow_overwrite)
        self._save.save_asked.connect(to.mask.save)
        self._save.mask_chosen.connect(to.mask.open)
        self._keys.bind(
            {
                "point": lambda: to.prompting.use_tool("point"),
                "not-point": lambda: to.prompting.use_tool("not-point"),
                "box": lambda: to.prompting.use_tool("box"),
                "undo-prompt": to.prompting.undo_prompt,
                "keep": to.prompting.keep,
                "discard": to.prompting.discard,
                "undo-mask": to.mask.undo,
            }
        )
