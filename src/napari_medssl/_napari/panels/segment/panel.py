"""The Segment panel: from an open scan to a saved mask, from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl._napari.keys import PanelKeys
from napari_medssl._napari.panels.dock_panel import DockPanel
from napari_medssl._napari.panels.export_dialog import ExportDialog
from napari_medssl._napari.panels.segment.correct_section import CorrectSection
from napari_medssl._napari.panels.segment.engine_section import EngineSection
from napari_medssl._napari.panels.segment.image_section import ImageSection
from napari_medssl._napari.panels.segment.label_table import LabelTable
from napari_medssl._napari.panels.segment.outline_section import OutlineSection
from napari_medssl._napari.panels.segment.save_section import SaveSection
from napari_medssl._napari.panels.segment.tools_section import ToolsSection
from napari_medssl._napari.panels.segment.view_section import ViewSection
from napari_medssl._napari.presenters.mask.export import mask_sources
from napari_medssl._napari.presenters.prompts.installed_engines import InstalledEngines
from napari_medssl._napari.presenters.segment.panel import SegmentPresenter, SegmentViews
from napari_medssl._napari.scene import ViewerScene

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_medssl._napari.presenters.prompts.engine import Engines
    from napari_medssl._napari.presenters.scene import Tool


class SegmentPanel(DockPanel):
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
        super().__init__(napari_viewer, parent)
        self._image = ImageSection()
        self._view = ViewSection()
        self._engine = EngineSection()
        self._labels = LabelTable()
        self._outline = OutlineSection(self._engine)
        self._tools = ToolsSection()
        self._correct = CorrectSection(self._tools)
        self._save = SaveSection()
        parts = (self._image, self._view, self._labels, self._outline, self._correct, self._save)
        scroll = self.lay_out(*parts)
        self._tools.grown.connect(lambda: scroll.reveal(self._tools))
        self._scene = ViewerScene(self.viewer)
        self._keys = PanelKeys(self.viewer)
        self.presenter = SegmentPresenter(
            self._views(),
            self._scene,
            self.thread_of_its_own(),
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

    def allow_discard(self, allowed: bool) -> None:
        """Whether there is a point or a box to throw away."""
        self._outline.allow_discard(allowed)

    def allow_other(self, allowed: bool) -> None:
        """Whether the points on this slice may mean something else."""
        self._outline.allow_other(allowed)

    def ask_file(self) -> None:
        """Ask for an image file and open it."""
        self._image.ask_file()

    def ask_folder(self) -> None:
        """Ask for a DICOM folder and open it."""
        self._image.ask_folder()

    def open_export(self) -> None:
        """Ask what to write the mask in hand as."""
        sources = mask_sources(self._scene, self.presenter.activity)
        if sources:
            ExportDialog(self, sources).open()

    def open_planes(self) -> None:
        """Open the three planes, or bring them to the front."""
        dock, _ = self.viewer.window.add_plugin_dock_widget("napari-medssl", "Three planes")
        dock.show()
        dock.raise_()

    def on_release(self) -> None:
        """Give keys and events back; the mask stays on the canvas."""
        self._keys.release()
        self.presenter.close()
        self._scene.close()

    def _views(self) -> SegmentViews:
        return SegmentViews(
            image=self._image,
            window=self._view,
            cine=self._view.cine,
            second_scan=self._view,
            engine=self._engine,
            prompt=self,
            grow=self._outline,
            everything=self._outline,
            label=self._labels,
            history=self._correct,
            correct=self._correct,
            tools=self._tools,
            finished=self._correct,
            save=self._save,
            status=self.status,
        )

    def _connect(self) -> None:
        to = self.presenter
        self._image.path_chosen.connect(to.image.open)
        self._image.reopen_asked.connect(to.image.reopen)
        self._image.volume_chosen.connect(to.image.choose_volume)
        self._view.plane_chosen.connect(self._scene.show_plane)
        self._view.preset_chosen.connect(to.window.choose_preset)
        self._view.values_chosen.connect(to.window.choose_values)
        self._view.drag_asked.connect(to.window.drag_with_mouse)
        self._view.planes_asked.connect(self.open_planes)
        self._view.scan_added.connect(to.second_scan.add)
        self._view.cine.play_asked.connect(to.cine.play)
        self._view.cine.rate_chosen.connect(to.cine.choose_rate)
        self._view.cine.bounce_chosen.connect(to.cine.choose_bounce)
        self._engine.engine_chosen.connect(to.engine.choose)
        self._engine.device_chosen.connect(to.engine.choose_device)
        self._engine.weights_chosen.connect(to.engine.add_weights)
        self._outline.tool_chosen.connect(to.prompting.use_tool)
        self._outline.keep_asked.connect(to.keep)
        self._outline.discard_asked.connect(to.discard)
        self._outline.other_asked.connect(to.prompting.other)
        self._outline.grow_asked.connect(to.growing.grow)
        self._outline.stop_asked.connect(to.growing.stop)
        self._outline.all_planes_chosen.connect(to.growing.use_all_planes)
        self._outline.network_chosen.connect(to.growing.ask_network)
        self._outline.server_chosen.connect(to.growing.use_server)
        self._outline.everything_asked.connect(to.everything.outline)
        self._outline.new_each_chosen.connect(to.everything.make_new_labels)
        self._outline.drop_asked.connect(lambda: to.everything.drop())
        self._save.save_asked.connect(to.mask.save)
        self._save.mask_chosen.connect(to.mask.open)
        self._save.export_asked.connect(self.open_export)
        self._connect_labels()
        self._connect_correct()
        self._bind_keys()

    def _connect_labels(self) -> None:
        to = self.presenter
        self._labels.label_chosen.connect(to.choose_label)
        self._labels.label_added.connect(to.labels.add)
        self._labels.delete_asked.connect(to.labels.delete)
        self._labels.step_asked.connect(to.step_label)
        self._labels.object_asked.connect(to.objects.step)
        self._labels.renamed.connect(to.labels.rename)
        self._labels.recoloured.connect(lambda v, r, g, b: to.labels.recolour(v, (r, g, b)))
        self._labels.visible_chosen.connect(to.labels.set_visible)
        self._labels.locked_chosen.connect(to.labels.set_locked)
        self._labels.overwrite_chosen.connect(to.allow_overwrite)

    def _connect_correct(self) -> None:
        to = self.presenter
        self._correct.tool_chosen.connect(to.prompting.use_tool)
        self._correct.brush_resized.connect(to.correct.resize_brush)
        self._correct.dimensions_chosen.connect(to.correct.paint_in)
        self._correct.range_used.connect(to.correct.use_range)
        self._correct.range_chosen.connect(to.correct.set_range)
        self._correct.label_range_asked.connect(to.correct.range_of_label)
        self._correct.brush_range_asked.connect(to.correct.pick_range)
        self._correct.undo_asked.connect(to.history.undo)
        self._correct.redo_asked.connect(to.history.redo)
        self._correct.finished_asked.connect(to.finished.toggle)
        self._tools.apply_asked.connect(
            lambda name, settings, slice_only, other: to.tools.apply(
                name, settings, slice_only=slice_only, other=other
            )
        )

    def _bind_keys(self) -> None:
        to = self.presenter
        self._keys.bind(
            {
                "point": lambda: to.prompting.use_tool("point"),
                "not-point": lambda: to.prompting.use_tool("not-point"),
                "other": to.prompting.other,
                "box": lambda: to.prompting.use_tool("box"),
                "scribble": lambda: to.prompting.use_tool("scribble"),
                "lasso": lambda: to.prompting.use_tool("lasso"),
                "eraser": lambda: to.prompting.use_tool("eraser"),
                "undo-prompt": to.history.undo_prompt,
                "through": to.growing.grow,
                "keep": to.keep,
                "discard": to.discard,
                "previous-label": lambda: to.step_label(-1),
                "next-label": lambda: to.step_label(1),
                "previous-object": lambda: to.objects.step(-1),
                "next-object": lambda: to.objects.step(1),
                "finished": to.finished.toggle,
                "window": to.window.drag_with_mouse,
                "undo": to.history.undo,
                "redo": to.history.redo,
            }
        )
