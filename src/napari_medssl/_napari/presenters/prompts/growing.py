"""From outlines on a few slices through the volume: in the background, shown as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl.correct.box import box_around
from napari_medssl.correct.change import set_label
from napari_medssl.correct.hand import hold_slices
from napari_medssl.correct.rules import Rules
from napari_medssl.segment.growing.grown import GrownMask
from napari_medssl.segment.growing.marked import given_masks
from napari_medssl.segment.growing.rules import ASKED, GrowRules
from napari_medssl.segment.growing.server import VolumeServer
from napari_medssl.segment.provenance import (
    outline_record,
    plain_prompts,
    prompts_from_plain,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.history import HistoryPresenter
    from napari_medssl._napari.presenters.mask.labels import LabelPresenter
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.prompts.engine import EnginePresenter
    from napari_medssl._napari.presenters.prompts.prompting import PromptPresenter
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.correct import Edit
    from napari_medssl.segment import Plane, Prompts, SliceResult
    from napari_medssl.segment.growing.grow import GrownSlice

_TOPIC = "grow"


class GrowView(Protocol):
    """The button, and how far it is."""

    def show_growing(self, words: str) -> None:
        """Say how far it is, beside a stop; empty when nothing grows."""


class GrowPresenter:
    """Follows an object slice by slice; every slice is a job of its own.

    So a prompt waits for one slice at most, and stopping takes no longer than that; where a server
    follows it, for an image on its way, or for an answer. What was found is a preview until it is
    kept, and prompts of further slices make it better when it is grown again.
    """

    def __init__(
        self,
        view: GrowView,
        scene: Scene,
        activity: Activity,
        engine: EnginePresenter,
        history: HistoryPresenter,
        labels: LabelPresenter,
        prompting: PromptPresenter,
    ) -> None:
        self._view, self._scene, self._activity = view, scene, activity
        self._engine, self._history, self._labels = engine, history, labels
        self._prompting = prompting
        self._grown: GrownMask | None = None
        self._given: set[Plane] = set()
        self._own: set[Plane] = set()  # slices that are as their marks say, whatever has grown
        self._running = self._all_planes = self._overwrite = False
        self._rules = GrowRules()
        self._server: VolumeServer | None = None
        self._by: VolumeServer | None = None  # who follows, or followed, what is on the screen
        self._in_all_planes = False

    @property
    def waiting(self) -> bool:
        """Whether something was found that is neither kept nor thrown away."""
        return self._grown is not None

    def allow_overwrite(self, allowed: bool) -> None:
        """Whether it may take voxels from other labels."""
        self._overwrite = allowed

    def use_all_planes(self, wanted: bool) -> None:
        """Whether to look again in the other two planes, and let the three vote."""
        self._all_planes = wanted

    def ask_network(self, wanted: bool) -> None:
        """Whether to ask the network on every slice."""
        self._rules = GrowRules(network=ASKED if wanted else 0)

    def use_server(self, address: str) -> None:
        """Let a server of nnInteractive follow it; none where the address is empty."""
        address = address.strip()
        if address != (self._server.address if self._server is not None else ""):
            self._server = VolumeServer(address) if address else None

    def grow(self) -> None:
        """Follow what is outlined through the volume."""
        volume, window = self._scene.volume, self._scene.window
        outlines, prompts = self._marked(self._axis())
        if volume is None or window is None or not outlines:
            self._activity.say(
                "Mark what you want on one slice or more, and wait for its outline.", problem=True
            )
            return
        self.drop(quietly=True)
        self._given, self._own = set(outlines), set(prompts)
        given = given_masks(outlines, prompts, volume)
        try:
            self._grown = GrownMask(volume.geometry.shape, next(iter(outlines)).axis)
        except MemoryError as error:
            self._activity.fail(error)
            return
        self._activity.say("")
        rules, server, grown, self._running = self._rules, self._server, self._grown, True
        self._by, all_planes = server, self._all_planes and server is None
        self._in_all_planes = all_planes
        if server is not None:
            self._view.show_growing(f"Sending the image to {server.address}")
            self._ask(lambda: server.follow(volume, given, lambda: self._grown is not grown))
        else:
            self._view.show_growing("Getting ready")
            self._ask(lambda: self._engine.grower()(volume, given, window, rules, all_planes))

    def marks_changed(self) -> None:
        """Show what would be kept, now that a mark was added, moved or deleted."""
        grown = self._grown
        if grown is None:
            return
        outlines, marked = self._marked(grown.axis)
        if not self._given & marked.keys():
            self.drop(quietly=True)
            self._activity.say("The marks that it grew from are gone, and so is what had grown.")
            return
        before, self._own = self._own, self._given | marked.keys()
        for plane in (before ^ self._own) - outlines.keys():
            gone = plane in self._own
            self._scene.show_preview(plane, None if gone else plane.view(grown.array))

    def stop(self) -> None:
        """Go no further; what was found stays to be kept or not."""
        if not self._running:
            return
        self._end()
        if self._grown is None or not self._grown.scores:
            self.drop(quietly=True)
            self._activity.say("Stopped. Nothing was found by then.")
            return
        self._activity.say("Stopped. Keep what was found so far, or discard it.")

    def drop(self, *, quietly: bool = False) -> None:
        """Throw away what was found; the prompts and their outlines stay."""
        grown, self._grown = self._grown, None
        self._end()
        if grown is None:
            return
        previews = self._prompting.outlines
        for plane in grown.planes:
            if plane not in previews:
                self._scene.show_preview(plane, None)
        if not quietly:
            self._activity.say("Thrown away. The marks are still there.")

    def keep(self) -> None:
        """Put what was found into the mask under the current label, as one step."""
        grown, volume, document = self._grown, self._scene.volume, self._scene.document
        if grown is None or volume is None or document is None:
            return
        self._end()
        outlines, marked = self._marked(grown.axis)  # there may be others than it grew from
        own = self._given | marked.keys()
        indices = {plane.index for plane in outlines} | (
            grown.scores.keys() - {plane.index for plane in own}
        )
        value, name = self._labels.current, self._labels.current_name
        rules = Rules(document.locked, self._overwrite)
        done = [(plane.axis, plane.index) for plane in document.done]
        wished = 0

        def kept(mask: RecordedMask) -> Edit | None:
            nonlocal wished
            for plane in own:
                plane.view(grown.array)[...] = outlines[plane].mask if plane in outlines else False
            wished = int(np.count_nonzero(grown.array))
            box = box_around(grown.array)
            if box is None:
                return None
            hand = hold_slices(document.hand_edited(volume.geometry.shape), done)
            wanted = grown.array[box] & ~hand[box]
            z, y, x = (side.start for side in box)
            return set_label(mask.array[box], value, wanted, rules, add_only=True, low=(z, y, x))

        def said(edit: Edit | None) -> None:
            count = edit.count if edit is not None else 0
            words = f"Kept as '{name}': {count:,} voxels on {len(indices)} slices."
            left = wished - count
            if left:
                words += f" {left:,} voxels were drawn by hand or labelled before, and stay."
            self._activity.say(words)

        def without(plain: list[Any]) -> list[Any]:
            left = prompts_from_plain(plain)
            return plain_prompts({p: m for p, m in left.items() if p not in marked})

        followed = {
            "planes": "all" if self._in_all_planes else "one",
            "axis": grown.axis,
            "first_index": min(indices, default=0),
            "last_index": max(indices, default=0),
            **(self._by.record if self._by is not None else {}),
        }
        told = tuple(
            {**outline_record(volume, marked[plane], result, value), "grown": followed}
            for plane, result in outlines.items()
        )
        if self._history.change("Keep volume", kept, said, prompts=without, outlines=told):
            self.drop(quietly=True)

    def _axis(self) -> int | None:
        """The axis to grow along: of the slice on the screen, if one like it is outlined."""
        here, axes = self._scene.plane, [plane.axis for plane in self._prompting.outlines]
        return here.axis if here is not None and here.axis in axes else next(iter(axes), None)

    def _marked(self, axis: int | None) -> tuple[dict[Plane, SliceResult], dict[Plane, Prompts]]:
        """Outlines and prompts on slices of one axis."""
        outlines, prompts = self._prompting.outlines, self._prompting.marked
        return (
            {plane: result for plane, result in outlines.items() if plane.axis == axis},
            {plane: marked for plane, marked in prompts.items() if plane.axis == axis},
        )

    def _ask(self, slices: Callable[[], Iterator[GrownSlice]]) -> None:
        """Let the thread find one more slice; errors come as answers, to be said in order."""

        def work() -> tuple[Iterator[GrownSlice], GrownSlice | None] | Exception:
            try:
                rest = slices()
                return rest, next(rest, None)
            except Exception as error:  # noqa: BLE001 - said once the buttons are as before
                return error

        words = "Growing through the volume"
        self._activity.run(words, work, self._take, topic=_TOPIC, asked=False)

    def _take(self, answer: tuple[Iterator[GrownSlice], GrownSlice | None] | Exception) -> None:
        grown = self._grown
        if isinstance(answer, Exception):
            self.drop(quietly=True)
            self._activity.fail(answer)
            return
        if grown is None:
            return
        rest, found = answer
        if found is None:
            self._finished(grown)
            return
        grown.take(found)
        if found.plane.axis == grown.axis and found.plane not in self._own:
            self._scene.show_preview(found.plane, found.mask)
        self._view.show_growing(f"{len(grown.scores)} slices, now {found.plane}")
        self._ask(lambda: rest)

    def _finished(self, grown: GrownMask) -> None:
        self._end()
        if not grown.found:
            self._activity.say("It was found on no slice beside those you marked.", problem=True)
            return
        first, last = grown.slices
        words = f"Found on slices {first} to {last}."
        if grown.least_sure is not None:
            words += f" Look at slice {grown.least_sure} first, where it is least sure."
        if self._by is not None:
            words += f" nnInteractive's weights may be used under: {self._by.licence}."
        self._activity.say(f"{words} Keep it, or mark further slices and grow again.")

    def _end(self) -> None:
        self._activity.forget(_TOPIC)
        self._running = False
        self._view.show_growing("")
