"""From a point, a box or a stroke to an outline to keep: ask, preview, keep, discard, take back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.prompts.marks import (
    MARKS,
    change_in_words,
    drawn_prompts,
    joined,
    with_new_readings,
)
from napari_medssl._napari.presenters.prompts.words import HINTS, outlined
from napari_medssl.correct import Step
from napari_medssl.errors import MedSSLError
from napari_medssl.segment.provenance import plain_prompts, prompts_from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.mask import MaskPresenter
    from napari_medssl._napari.presenters.prompts.engine import EnginePresenter
    from napari_medssl._napari.presenters.prompts.marks import Stroke
    from napari_medssl._napari.presenters.scene import Scene, Tool
    from napari_medssl.segment import Plane, Prompts, SliceResult
    from napari_medssl.volume import Volume

_PAUSE_MS = 350  # a slice is worth embedding when the user rests on it


class PromptView(Protocol):
    """Tool buttons, Keep and Discard."""

    def show_tool(self, tool: Tool) -> None:
        """Press the button of the tool in use."""

    def allow_keep(self, allowed: bool) -> None:
        """Whether there is an outline to keep."""

    def allow_discard(self, allowed: bool) -> None:
        """Whether there is a point or a box to throw away."""

    def allow_other(self, allowed: bool) -> None:
        """Whether the points on this slice may mean something else."""


class PromptPresenter:
    """Turns the prompts on the canvas into previews, one a slice, until they are kept.

    The prompts belong to the document of the mask in hand: every change of them is a step there,
    and whatever undo, redo or another panel makes of them is shown here.
    """

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
        self._previews: dict[Plane, tuple[Prompts, SliceResult]] = {}  # and what each is made from
        self._prepared: set[Plane] = set()

    @property
    def outlines(self) -> dict[Plane, SliceResult]:
        """The outlines that are shown and not kept yet."""
        return {plane: result for plane, (_, result) in self._previews.items()}

    @property
    def marked(self) -> dict[Plane, Prompts]:
        """The prompts that are not kept yet."""
        return dict(self._prompts)

    def use_tool(self, tool: Tool) -> None:
        """Pick up a tool."""
        if self._scene.volume is None:
            self._activity.say("Open an image first.", problem=True)
            tool = "look"
        elif self._scene.plane is None and tool != "look":
            self._activity.say("Turn to a slice first: tools work on slices.", problem=True)
            tool = "look"
        else:
            self._activity.say(HINTS[tool])
        self._scene.use_tool(tool)
        self._view.show_tool(tool)

    def tool_changed(self, tool: Tool) -> None:
        """Show the tool that was picked up on the canvas itself."""
        self._view.show_tool(tool)

    def image_changed(self) -> None:
        """Forget prompts and previews of the image before."""
        for plane in self._prompts:
            self._hide(plane)
        self._prompts = {}
        self._forget_prepared()
        self._show_state()
        self.follow()
        self.look_at_slice()

    def look_at_slice(self) -> None:
        """Follow the user to a slice."""
        self._show_state()
        self._prepare_soon()

    def _prepare_soon(self) -> None:
        """Embed the slice on the screen once the user rests on it, so that prompts answer fast."""
        self._activity.forget("prepare")
        if self._scene.plane is not None and self._engine.name:
            self._activity.later("prepare", _PAUSE_MS, self._prepare)

    def window_changed(self) -> None:
        """Embed anew: what the network sees is what the window shows."""
        self._forget_prepared()
        self._prepare_soon()

    def follow(self) -> None:
        """Show the prompts that the document holds, if they are not on the canvas already."""
        document = self._scene.document
        try:
            prompts = prompts_from_plain(document.prompts) if document is not None else {}
        except MedSSLError as error:
            self._activity.fail(error)
            return
        if prompts != self._prompts:
            self._scene.show_prompts(prompts)
            self._take(prompts)

    def prompts_changed(self, prompts: Mapping[Plane, Prompts]) -> None:
        """Answer what the user has just marked, moved or deleted."""
        if dict(prompts) == self._prompts:
            return
        marked = with_new_readings(self._prompts, prompts)
        self._change(change_in_words(self._prompts, prompts), marked)
        if marked != dict(prompts):
            self._activity.later("prompts", 0, self._redraw)  # the mouse still holds it

    def stroke_drawn(self, stroke: Stroke) -> None:
        """Take what a prompt tool has drawn on a slice of the canvas, or of the three planes."""
        volume = self._scene.volume
        if volume is None:
            return
        try:
            new = drawn_prompts(stroke, volume.geometry.shape)
            marked = joined(self._prompts.get(stroke.plane), new)
        except MedSSLError as error:
            self._activity.fail(error)
            return
        if marked != self._prompts.get(stroke.plane):
            self._change(MARKS[stroke.tool], {**self._prompts, stroke.plane: marked})
            self._redraw()

    def prompts_refused(self, error: MedSSLError) -> None:
        """Say why what the user has just marked cannot be used, and take it off the canvas."""
        self._activity.fail(error)
        self._activity.later("prompts", 0, self._redraw)  # the mouse still holds it

    def keep(self) -> None:
        """Put every preview into the mask under the current label."""
        if not self._previews:
            self._activity.say("There is no outline to keep yet: mark a point or a box first.")
            return
        made_from = {plane: prompts for plane, (prompts, _) in self._previews.items()}
        self._mask.keep(self.outlines, made_from)

    def other(self) -> None:
        """Show what else the points on this slice may mean."""
        plane, shown = self._scene.plane, self._shown_here
        if plane is None or shown is None:
            self._activity.say("There is no outline of these marks yet: mark a point, or wait.")
            return
        if shown.readings == 1:
            self._activity.say("The marks mean this one thing. Add points where it is wrong.")
            return
        marked = self._prompts[plane]
        other = marked.meaning((marked.reading + 1) % shown.readings)
        if self._change("Other outline", {**self._prompts, plane: other}):
            self._redraw()

    def discard(self) -> None:
        """Throw away the preview and prompts of this slice; those of all slices if it has none."""
        here = self._scene.plane
        if not self._prompts:
            self._activity.say("There is nothing to discard.")
            return
        left = {plane: p for plane, p in self._prompts.items() if plane != here}
        left = left if here in self._prompts else {}
        self._scene.show_prompts(left)
        if self._change("Discard marks", left):
            self._activity.say("Discarded. Undo brings the marks back.")

    def _change(self, words: str, prompts: dict[Plane, Prompts]) -> bool:
        """Take what the canvas shows as one step of the mask's history; False if it cannot be."""
        mask = self._scene.start_mask()  # first: a new mask shows its own prompts, which are none
        if mask is None:
            return False
        if mask.busy:
            self._activity.say(mask.busy, problem=True)
            self._activity.later("prompts", 0, self._redraw)  # the mouse still holds the new one
            return False
        self._take(prompts)
        if not mask.read_only:  # else one may look at outlines, and that is all
            both = (mask.document.prompts, plain_prompts(prompts))
            mask.document.do(Step(words, prompts=both))
        return True

    def _redraw(self) -> None:
        self._scene.show_prompts(self._prompts)

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
            failed=lambda: self._drop(plane),
        )

    def _show(self, volume: Volume, prompts: Prompts, result: SliceResult) -> None:
        if volume is not self._scene.volume or self._prompts.get(result.plane) != prompts:
            return
        self._previews[result.plane] = prompts, result
        self._count(result.plane)
        self._scene.show_preview(result.plane, result.mask)
        self._show_state()
        self._activity.say(outlined(volume, prompts, result))

    def _drop(self, plane: Plane) -> None:
        """Take an outline away that its marks no longer stand for."""
        self._hide(plane)
        self._show_state()

    def _hide(self, plane: Plane) -> None:
        self._activity.forget(_topic(plane))
        self._previews.pop(plane, None)
        self._scene.show_preview(plane, None)

    def _show_state(self) -> None:
        self._view.allow_keep(bool(self._previews))
        self._view.allow_discard(bool(self._prompts))
        shown = self._shown_here
        self._view.allow_other(shown is not None and shown.readings > 1)

    @property
    def _shown_here(self) -> SliceResult | None:
        """The outline of the slice on the screen, if it was made from the marks there are now."""
        here = self._scene.plane
        if here is None or here not in self._previews:
            return None
        prompts, result = self._previews[here]
        return result if prompts == self._prompts.get(here) else None


def _topic(plane: Plane) -> str:
    return f"outline {plane.axis} {plane.index}"
