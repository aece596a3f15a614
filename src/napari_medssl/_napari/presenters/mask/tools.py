"""The correcting tools: one is chosen and set, and works in the background as one step."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Protocol

from napari_medssl.correct.rules import Rules
from napari_medssl.correct.target import Target
from napari_medssl.correct.tools import TOOLS, tool_named
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.history import HistoryPresenter
    from napari_medssl._napari.presenters.mask.labels import LabelPresenter
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.scene import Index, Scene
    from napari_medssl.correct import Edit
    from napari_medssl.correct.tool import Tool
    from napari_medssl.segment import Plane

Other = tuple[str, int | str]  # what people read, and a label's value or another mask's name


class ToolView(Protocol):
    """The list of tools."""

    def show_tools(self, tools: Sequence[Tool]) -> None:
        """List the tools, by their groups."""

    def show_others(self, others: Sequence[Other]) -> None:
        """Offer other labels, and other masks of this image."""


class ToolPresenter:
    """Runs the tool that the user has set."""

    def __init__(
        self,
        view: ToolView,
        scene: Scene,
        activity: Activity,
        history: HistoryPresenter,
        labels: LabelPresenter,
    ) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._history = history
        self._labels = labels
        self._overwrite = False

    def start(self) -> None:
        """List the tools."""
        self._view.show_tools(TOOLS)

    def show_others(self) -> None:
        """Offer what a label can be joined with, or cut by."""
        document = self._scene.document
        rows = document.labels if document is not None else ()
        value = self._labels.current
        labels = [(row.info.name, row.info.value) for row in rows if row.info.value != value]
        masks = [(f"Layer '{name}'", name) for name in self._scene.other_masks()]
        self._view.show_others([*labels, *masks])

    def allow_overwrite(self, allowed: bool) -> None:
        """Whether tools may take voxels from other labels."""
        self._overwrite = allowed

    def apply(
        self,
        name: str,
        settings: Mapping[str, float],
        *,
        slice_only: bool = False,
        other: int | str | None = None,
    ) -> None:
        """Run a tool on the current label.

        Parameters
        ----------
        name : str
            Of one of `TOOLS`.
        settings : mapping
            Its parameters by name.
        slice_only : bool
            On the slice on the screen only, where the tool can work on either.
        other : int or str, optional
            The other label, or the name of another mask, for tools that need one.
        """
        tool = tool_named(name)
        plane = self._scene.plane if slice_only or tool.scope != "volume or slice" else None
        if self._scene.mask is None:
            self._activity.say("There is no mask yet: draw or outline something first.")
        elif tool.scope != "volume or slice" and plane is None:
            self._activity.say("Turn to a slice first: this tool works on slices.", problem=True)
        elif tool.needs == "voxel":
            self._activity.say(f"Click the part that '{tool.title}' is meant for.")
            self._scene.pick_voxel(lambda at: self._run(tool, settings, plane, other, at))
        else:
            self._run(tool, settings, plane, other, None)

    def _run(
        self,
        tool: Tool,
        settings: Mapping[str, float],
        plane: Plane | None,
        other: int | str | None,
        voxel: Index | None,
    ) -> None:
        document, value = self._scene.document, self._labels.current
        if document is None:
            return
        rules = Rules(document.locked, self._overwrite)
        masks = self._scene.other_masks()
        free = count(max(row.info.value for row in document.labels) + 1)

        def edit(mask: RecordedMask) -> Edit | None:
            volume = mask.volume
            target = Target(
                mask.array,
                value,
                volume.geometry.spacing_mm if volume.spacing_known else (1.0, 1.0, 1.0),
                rules,
                image=None if volume.is_rgb else volume.array,
                plane=plane,
                voxel=voxel,
                other=masks.get(other) if isinstance(other, str) else other,
                new_values=free,
            )
            return tool(target, settings)

        try:
            tool.settings(settings)
        except UsageError as error:
            self._activity.fail(error)
            return
        self._history.change(tool.title, edit, lambda made: self._said(tool, made))

    def _said(self, tool: Tool, made: Edit | None) -> None:
        if made is None:
            words = f"{tool.title}: nothing to change on '{self._labels.current_name}'."
        else:
            words = f"{tool.title}: {made.count:,} voxels changed. Undo takes it back."
        self._activity.say(words)
