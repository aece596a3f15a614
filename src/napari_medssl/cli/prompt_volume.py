"""``medssl prompt --grow``: from the outlines on a few slices to a mask through the volume."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_medssl.cli.segment_report import peak_bytes
from napari_medssl.errors import UsageError
from napari_medssl.volume.planes import AXIS_NAMES, PLANES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.segment import InteractiveSegmenter, Plane, Prompts, SliceResult
    from napari_medssl.segment.growing import GrownMask, GrownSlice, GrowRules
    from napari_medssl.segment.growing.server import VolumeServer
    from napari_medssl.volume import Volume, Window

    Grow = Literal["one", "all"]
    Follow = Callable[[Mapping[Plane, NDArray[np.bool_]]], Iterator[GrownSlice]]

_WAYS = ("one", "all")


@dataclass(frozen=True, eq=False)
class Through:
    """An object through a volume, and what it took.

    Parameters
    ----------
    outlines : mapping of Plane to SliceResult
        What the prompts gave, slice by slice.
    mask : GrownMask
        The object.
    complete : bool
        False if it was stopped before the end.
    first_seconds, seconds : float
        Until the first outline, and until the last slice.
    """

    outlines: Mapping[Plane, SliceResult]
    mask: GrownMask
    complete: bool
    first_seconds: float
    seconds: float

    def facts(self, scan: Volume) -> dict[str, Any]:
        """Return what a machine wants to know of it; slices are numbered as in the file."""
        axis, unsure = self.mask.axis, self.mask.least_sure
        ends = sorted(stored_slice(scan, axis, index) for index in self.mask.slices)
        return {
            "plane": AXIS_NAMES[axis],
            "slices": len(self.mask.scores),
            "first_slice": ends[0],
            "last_slice": ends[1],
            "prompted_slices": sorted(stored_slice(scan, axis, n) for n in self.mask.given),
            "least_sure_slice": None if unsure is None else stored_slice(scan, axis, unsure),
            "complete": self.complete,
            "first_mask_seconds": self.first_seconds,
            "seconds": self.seconds,
            "peak_mb": round(peak_bytes() / 2**20),
        }

    def record(self, scan: Volume, way: Grow) -> dict[str, Any]:
        """Return how it came about, for the file beside the mask."""
        facts = self.facts(scan)
        kept = ("plane", "first_slice", "last_slice", "prompted_slices", "complete")
        return {"planes": way, **{key: facts[key] for key in kept}}


def grow_choice(
    grow: str | None, plane: str | None, *, server: str | None = None, ask_network: bool = False
) -> tuple[Grow | None, str | None]:
    """Return how to grow, "one" plane or "all", and in which plane the prompts lie.

    Raises
    ------
    UsageError
        If there is no such way, it names another plane than ``--plane``, or a server is to grow
        in a way of this machine's.
    """
    if server is not None and (grow == "all" or ask_network):
        raise UsageError(
            "--server with --grow all or --ask-network",
            expected="--server alone: a server follows in its own way",
        )
    if server is not None and grow is None:
        return "one", plane
    if grow in (None, *_WAYS):
        return grow, plane  # type: ignore[return-value]
    if grow not in PLANES:
        raise UsageError(f"--grow {grow}", expected="one, all, axial, coronal or sagittal")
    if plane not in (None, grow):
        raise UsageError(f"--grow {grow} with --plane {plane}", expected="one plane")
    return "one", grow


def follow_here(
    segmenter: InteractiveSegmenter,
    scan: Volume,
    window: Window,
    rules: GrowRules,
    *,
    all_planes: bool,
) -> Follow:
    """Follow an object slice by slice on this machine."""
    from napari_medssl.segment.growing import grow, grow_in_all_planes

    way = grow_in_all_planes if all_planes else grow
    return lambda given: way(segmenter, scan, given, window, rules)


def follow_there(server: VolumeServer, scan: Volume) -> Follow:
    """Let a server of nnInteractive follow an object; say under which licence, before it is sent.

    Raises
    ------
    UsageError, NoAnswerError
        If it cannot be asked.
    """
    from rich.console import Console

    licence = server.greet()
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"The image is sent to {server.address}. Its weights may be used under: {licence}.",
        markup=False,
    )
    return lambda given: server.follow(scan, given)


def grow_through(
    segmenter: InteractiveSegmenter,
    scan: Volume,
    prompts: Mapping[Plane, Prompts],
    window: Window,
    follow: Follow,
) -> Through:
    """Outline every prompted slice and follow the object from there; Ctrl-C keeps what is found."""
    from napari_medssl.cli.stopping import stop_on_interrupt
    from napari_medssl.segment.growing import GrownMask, given_masks

    started = time.perf_counter()
    outlines = {
        plane: segmenter.segment(scan, here, window, axis=plane.axis)
        for plane, here in prompts.items()
        if here.mark_something
    }
    first_seconds = time.perf_counter() - started
    given = given_masks(outlines, prompts, scan)
    mask = GrownMask(scan.geometry.shape, next(iter(given)).axis)
    complete = True
    with stop_on_interrupt("Stopping; what was found by now is written.") as stop, _Bar() as bar:
        for grown in _until(follow(given), stop):
            if grown is None:
                complete = False
                break
            mask.take(grown)
            bar.move(grown)
    return Through(outlines, mask, complete, first_seconds, time.perf_counter() - started)


def report_through(through: Through, scan: Volume, kept: int, out: Path, *, as_json: bool) -> None:
    """Say what was found, in plain words or as one JSON object."""
    voxels = int(through.mask.array.sum())
    ml = voxels * math.prod(scan.geometry.spacing_mm) / 1000 if scan.spacing_known else None
    if as_json:
        facts = {"out": str(out), "voxels": voxels, "ml": ml, "kept_by_other_labels": kept}
        notices = [{"code": n.code, "text": n.text} for n in scan.notices]
        print(json.dumps({**facts, **through.facts(scan), "notices": notices}))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for line in _lines(through, scan, voxels, ml, kept, out):
        console.print(line, markup=False)
    console.print("Research use only. Not a medical device.", style="dim")


def _lines(
    through: Through, scan: Volume, voxels: int, ml: float | None, kept: int, out: Path
) -> Iterator[str]:
    mask, plane = through.mask, AXIS_NAMES[through.mask.axis]
    size = f"{voxels:,} voxels" + (f", {ml:.2f} ml" if ml is not None else "")
    slices = f"{len(mask.scores)} {plane} slices from {len(mask.given)} prompted"
    yield f"Wrote '{out.name}': {size} on {slices}."
    yield f"First outline after {through.first_seconds:.1f} s, all after {through.seconds:.1f} s."
    if mask.least_sure is not None:
        unsure = stored_slice(scan, mask.axis, mask.least_sure)
        yield f"Look at slice {unsure} first: it is the least sure."
    if len(mask.scores) == len(mask.given):
        yield "The object was found on no slice beside those that were prompted."
    if not through.complete:
        yield "It was stopped before the end."
    if kept:
        yield f"{kept:,} voxels of other labels were left as they are."
    for notice in scan.notices:
        yield f"Note: {notice.text}"


def stored_slice(scan: Volume, axis: int, index: int) -> int:
    """Return the number of a slice as the file counts them."""
    zyx = [0.0, 0.0, 0.0]
    zyx[axis] = index
    z, y, x = zyx
    return round(scan.index_to_source((z, y, x))[scan.source.axes.order[axis]])


def _until(slices: Iterator[GrownSlice], stop: Callable[[], bool]) -> Iterator[GrownSlice | None]:
    """Yield slices, and None in place of the next when it is time to stop."""
    for grown in slices:
        yield grown
        if stop():
            yield None
            return


class _Bar:
    """How many slices are found, on the error stream; gone when the work is."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("Slices", total=None)
        self._found = 0

    def move(self, grown: GrownSlice) -> None:
        """Show one more."""
        self._found += 1
        self._bar.update(self._task, description=f"{self._found} slices, now {grown.plane}")

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
