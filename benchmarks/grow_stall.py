"""One click in a large CT, grown through the volume: seconds, stalls, stopping and memory.

    xvfb-run -a python benchmarks/grow_stall.py [--shape 300,512,512]

A made CT holds an organ with a grey of its own in a noisy body. In a real window the organ is
clicked once with the mouse; its outline is then grown through the volume (Shift+G), once stopped
half-way and once to its end. A timer asks to be called every 5 ms; what it is late by is a stall.
Printed are the seconds from the click to the outline (the network's first look at the slice
included), to the first grown slice and to the last, how long stopping took, the memory of the
process, and the Dice of what was found.
"""

from __future__ import annotations

import resource
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from event_loop import wait, wait_until
from window_stall import Mouse, StallProbe, is_looking, open_panel, wait_until_quiet

from napari_medssl._napari.before_torch import before_torch
from napari_medssl.evaluate import dice
from napari_medssl.volume import Geometry, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


_AIR, _BODY, _ORGAN, _NOISE = -1000, 40, 120, 15
_SPACING_MM = (1.0, 0.7, 0.7)
_STORED = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
#: of the organ, as parts of the volume
_MIDDLE, _HALF = (0.5, 0.48, 0.4), (0.33, 0.16, 0.13)
_REST_MS = 3000


def ct_with_organ(shape: tuple[int, int, int]) -> tuple[Volume, NDArray[np.bool_]]:
    """Make a body with one organ in it, and return the organ as well."""
    rng = np.random.default_rng()  # new noise: of a slice it knows, the answer is on the disk
    z, y, x = np.ogrid[tuple(slice(0, n) for n in shape)]
    parts = [(a / n - m) / h for a, n, m, h in zip((z, y, x), shape, _MIDDLE, _HALF, strict=True)]
    organ = sum(p * p for p in parts) < 1
    body = ((y / shape[1] - 0.5) / 0.42) ** 2 + ((x / shape[2] - 0.5) / 0.46) ** 2 < 1
    array = np.where(organ, _ORGAN, np.where(body, _BODY, _AIR)).astype(np.int16)
    for one in array:
        one += rng.normal(0, _NOISE, one.shape).astype(np.int16)
    # as scanners store it: along x first, z last
    geometry = Geometry(shape[::-1], _SPACING_MM[::-1], direction=_STORED)
    return Volume.from_source_array(
        array.transpose(2, 1, 0), geometry, name="ct", format="made", modality="CT"
    ), np.asarray(organ)


class Grown:
    """A window with one click in it."""

    def __init__(self, volume: Volume, organ: NDArray[np.bool_]) -> None:
        self._viewer, self._panel = open_panel(volume)
        self._volume, self._organ = volume, organ
        self._probe = StallProbe()

    @property
    def _to(self) -> Any:
        return self._panel.presenter

    @property
    def _found(self) -> Any:
        return self._to.growing._grown

    def run(self) -> None:
        """Click, grow and stop, grow to the end."""
        index = self._volume.geometry.shape[0] // 2
        wait_until(lambda: is_looking(self._panel))
        wait_until_quiet(self._panel)
        self._probe.watch("nothing to do", lambda: wait(_REST_MS))
        before = _memory_mb()
        self._viewer.dims.set_current_step(0, index + 1)  # a slice not looked at yet
        self._to.prompting.use_tool("point")
        self._watch("click to outline", self._click, lambda: bool(self._to.prompting.outlines))
        self._watch("to the first slice", self._to.growing.grow, self._has_slices)
        started = perf_counter()
        wait_until(lambda: len(self._found.scores) > self._volume.geometry.shape[0] // 10)
        print(f"  a tenth as many slices as the volume has after {perf_counter() - started:.2f} s")
        self._watch("stopping", self._to.growing.stop, self._is_quiet)
        self._watch("the whole volume", self._to.growing.grow, self._is_done)
        mask = self._found.array
        print(
            f"Dice with the organ {dice(mask, self._organ):.3f} on {len(self._found.scores)} slices"
        )
        print(f"memory {before:.0f} MB before the click, at most {_memory_mb():.0f} MB")
        self._viewer.close()

    def _watch(self, words: str, act: Callable[[], object], done: Callable[[], object]) -> None:
        """Act, wait until it is done, and print stalls and seconds."""
        started = perf_counter()

        def work() -> None:
            act()
            wait_until(done)

        self._probe.watch(words, work)
        print(f"  {perf_counter() - started:.2f} s")

    def _click(self) -> None:
        """Press and let go on the middle of the organ."""
        depth, rows, columns = self._volume.geometry.shape
        voxel = (depth // 2 + 1, int(rows * _MIDDLE[1]), int(columns * _MIDDLE[2]))
        Mouse().click(self._viewer, voxel)

    def _has_slices(self) -> bool:
        return self._found is not None and len(self._found.scores) > 1

    def _is_quiet(self) -> bool:
        return not self._to.activity.running

    def _is_done(self) -> bool:
        return self._has_slices() and not self._to.growing._running


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(
    shape: Annotated[str, typer.Option(help="Slices, rows and columns.")] = "300,512,512",
) -> None:
    """Print seconds, stalls and memory."""
    before_torch()
    depth, rows, columns = (int(length) for length in shape.split(","))
    Grown(*ct_with_organ((depth, rows, columns))).run()


if __name__ == "__main__":
    typer.run(main)
