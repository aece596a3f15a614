"""From a point or a box to an outline to keep: ask, preview, keep, discard, take back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.engine import EnginePresenter
    from napari_medssl._napari.presenters.mask import MaskPresenter
    from napari_medssl._napari.presenters.scene import Scene, Tool
    from napari_medssl.errors import MedSSLError
    from napari_medssl.segment import Plane, Prompts, SliceResult
    from napari_medssl.volume import Volume

_PAUSE_MS = 350  # a slice is worth embedding when the user rests on it


class PromptView(Protocol):
    """Tool buttons, Keep and Discard."""

    def show_tool(self, tool: Tool) -> None:
        """Press the button of the tool in use."""

    def allow_keep(self, allowed: bool) -> None:
        """Whether there is an outline to keep or discard."""

    def allow_undo_prompt(self, allowed: bool) -> None:
        """Whether there is a prompt to take back."""


class PromptPresenter:
    """Turns the prompts on the canvas into previews, one a slice, until they are kept."""

    def __init__(
        self,
        view: PromptView,
        scene: Scene,
        activity: Activity,
        engine: EnginePresenter,
        mask: MaskPresenter,
    ) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._engine = engine
        self._mask = mask
        self._prompts: dict[Plane, Prompts] = {}
        self._before: list[dict[Plane, Prompts]] = []
        self._previews: dict[Plane, SliceResult] = {}
        self._prepared: set[Plane] = set()

    def use_tool(self, tool: Tool) -> None:
        """Pick up a tool."""
        if self._scene.volume is None:
            self._activity.say("Open an image first.", problem=True)
            tool = "look"
        elif self._scene.plane is None and tool != "look":
            self._activity.say("Turn to a slice first: tools work on slices.", problem=True)
            tool = "look"
        else:
            self._activity.say(_HINTS[tool])
        self._scene.use_tool(tool)
        self._view.show_tool(tool)

    def tool_changed(self, tool: Tool) -> None:
        """Show the tool that was picked up on the canvas itself."""
        self._view.show_tool(tool)

    def image_changed(self) -> None:
        """Forget prompts and previews of the image before."""
        for plane in self._prompts:
            self._activity.forget(_topic(plane))
        self._prompts, self._before, self._previews = {}, [], {}
        self._forget_prepared()
        self._show_state()
        self.look_at_slice()

    def look_at_slice(self) -> None:
        """Embed the slice on the screen once the user rests on it, so that prompts answer fast."""
        self._activity.forget("prepare")
        if self._scene.plane is not None and self._engine.name:
            self._activity.later("prepare", _PAUSE_MS, self._prepare)

    def window_changed(self) -> None:
        """Embed anew: what the network sees is what the window shows."""
        self._forget_prepared()
        self.look_at_slice()

    def prompts_changed(self, prompts: Mapping[Plane, Prompts]) -> None:
        """Answer what the user has just marked, moved or deleted."""
        if dict(prompts) == self._prompts:
            return
        self._before.append(self._prompts)
        self._take(dict(prompts))

    def prompts_refused(self, error: MedSSLError) -> None:
        """Say why what the user has just marked cannot be used."""
        self._activity.fail(error)

    def undo_prompt(self) -> None:
        """Take back the last change to the prompts."""
        if self._before:
            before = self._before.pop()
            self._scene.show_prompts(before)
            self._take(before)

    def keep(self) -> None:
        """Put every preview into the mask under the current label."""
        if not self._previews:
            self._activity.say("There is no outline to keep yet: mark a point or a box first.")
            return
        masks = {plane: result.mask for plane, result in self._previews.items()}
        if not self._mask.write(masks):
            return
        for plane, result in self._previews.items():
            self._mask.remember(self._prompts[plane], result, self._engine.weights_sha256)
        self._clear(list(self._prompts))

    def discard(self) -> None:
        """Throw away the preview and prompts of this slice; those of all slices if it has none."""
        here = self._scene.plane
        self._clear([here] if here in self._prompts and here is not None else list(self._prompts))
        self._activity.say("Discarded.")

    def _prepare(self) -> None:
        volume, window, plane = self._scene.volume, self._scene.window, self._scene.plane
        if volume is None or window is None or plane is None:
            return
        self._activity.run(
            f"Preparing {plane}",
            lambda: self._engine.segmenter().prepare(volume, plane, window),
            lambda _: self._count(plane),
            topic="prepare",
            asked=False,
        )

    def _forget_prepared(self) -> None:
        self._prepared = set()
        self._engine.show_prepared(0)

    def _count(self, plane: Plane) -> None:
        self._prepared.add(plane)
        self._engine.show_prepared(len(self._prepared))

    def _take(self, prompts: dict[Plane, Prompts]) -> None:
        gone = [plane for plane in self._prompts if plane not in prompts]
        new = [plane for plane, p in prompts.items() if self._prompts.get(plane) != p]
        self._prompts = prompts
        for plane in gone:
            self._hide(plane)
        for plane in new:
            self._ask(plane, prompts[plane])
        self._show_state()

    def _ask(self, plane: Plane, prompts: Prompts) -> None:
        volume, window = self._scene.volume, self._scene.window
        if volume is None or window is None:
            return
        if not prompts.mark_something:
            self._hide(plane)
            self._activity.say("Now mark a point inside (+): points outside only trim an outline.")
            return
        self._activity.forget("prepare")
        self._activity.run(
            f"Outlining on {plane}",
            lambda: self._engine.segmenter().segment(volume, prompts, window, axis=plane.axis),
            partial(self._show, volume, prompts),
            topic=_topic(plane),
        )

    def _show(self, volume: Volume, prompts: Prompts, result: SliceResult) -> None:
        if volume is not self._scene.volume or self._prompts.get(result.plane) != prompts:
            return
        self._previews[result.plane] = result
        self._count(result.plane)
        self._scene.show_preview(result.plane, result.mask)
        self._show_state()
        seconds = result.encode_seconds + result.predict_seconds
        self._activity.say(
            f"Outlined {_size(volume, result)} in {seconds:.1f} s (confidence {result.score:.2f}). "
            "Keep it, or add points."
        )

    def _clear(self, planes: list[Plane]) -> None:
        for plane in planes:
            self._prompts.pop(plane, None)
            self._hide(plane)
        self._before = []
        self._scene.show_prompts(self._prompts)
        self._show_state()

    def _hide(self, plane: Plane) -> None:
        self._activity.forget(_topic(plane))
        self._previews.pop(plane, None)
        self._scene.show_preview(plane, None)

    def _show_state(self) -> None:
        self._view.allow_keep(bool(self._previews))
        self._view.allow_undo_prompt(bool(self._before))


_HINTS = {
    "look": "Drag to move the image, turn the wheel to zoom.",
    "point": "Click inside what you want to outline.",
    "not-point": "Click what the outline should leave out.",
    "box": "Drag a box around what you want to outline.",
    "brush": "Paint with the current label. [ and ] change the brush size.",
    "eraser": "Rub out. [ and ] change the size.",
    "fill": "Click an area to give it the current label.",
}


def _topic(plane: Plane) -> str:
    return f"outline {plane.axis} {plane.index}"


def _size(volume: Volume, result: SliceResult) -> str:
    voxels = int(np.count_nonzero(result.mask))
    if not volume.spacing_known:
        return f"{voxels:,} pixels"
    a, b = (s for n, s in enumerate(volume.geometry.spacing_mm) if n != result.plane.axis)
    return f"{voxels * a * b / 100:.1f} cm²"
