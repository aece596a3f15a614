"""How long the Three planes panel takes to draw, without napari: a CT of 512 x 512 x 300 voxels.

    python benchmarks/three_planes.py [--times N]

Processor time of what runs in the window's thread: all three planes with everything on them (a new
window), what a stroke changes, and a step of a slider; with a mask, and with a PET over it too.
"""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from napari_medssl._napari.presenters.planes.panel import PlanesPresenter
from napari_medssl._napari.presenters.planes.sheet import Sheet
from napari_medssl.segment.prompts import Plane, PointPrompt, Prompts
from napari_medssl.volume import Geometry, Volume, Window

if TYPE_CHECKING:
    from collections.abc import Callable

_SHAPE, _PET = (300, 512, 512), (150, 100, 100)
_ROOM = (250, 300)  # pixels of a plane in a dock below the canvas


class Dock:
    """A view that shows nothing, over a canvas that only remembers where it is."""

    def __init__(self, volume: Volume, sheets: list[Sheet]) -> None:
        self.volume = volume
        z, y, x = (n / 2 for n in volume.geometry.shape)
        self.point = (z, y, x)
        self._sheets = sheets
        self.tool, self.prompts = "look", {Plane(0, round(z)): Prompts((PointPrompt(self.point),))}

    def draw(self, plane: object, path: object, inside: bool) -> None:
        """Mark nothing."""

    def sheets(self) -> list[Sheet]:
        """What lies over the image."""
        return self._sheets

    def go_to(self, point: tuple[float, float, float]) -> None:
        """Turn to an index."""
        self.point = point

    def show_planes(self, drawings: object) -> None:
        """Show nothing."""

    def show_words(self, words: str) -> None:
        """Say nothing."""

    def pixels_of(self, plane: str) -> tuple[int, int]:
        """Room for every plane."""
        return _ROOM

    def draw_soon(self) -> None:
        """Wait to be asked."""


def sheets_of(volume: Volume, *, with_pet: bool) -> list[Sheet]:
    """The CT, a mask over an eighth of it, and a coarser scan between the two."""
    rng = np.random.default_rng(0)
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    red = np.zeros((256, 4), np.uint8)
    red[1] = 255, 0, 0, 255
    mask = np.zeros(_SHAPE, np.uint8)
    mask[tuple(slice(n // 4, 3 * n // 4) for n in _SHAPE)] = 1
    sheets = [Sheet(volume.array, grey, Window(-160, 240)), Sheet(mask, red, opacity=0.5)]
    if with_pet:
        pet, smaller = rng.random(_PET, np.float32), np.divide(_PET, _SHAPE)
        from_base = np.diag([*smaller, 1.0])
        sheets.insert(1, Sheet(pet, grey, Window(0, 1), 0.8, True, from_base))
    return sheets


def measure(
    words: str, times: int, before: Callable[[int], None], draw: Callable[[], None]
) -> None:
    """Print the middle and the slow end of some drawings."""
    took = []
    for n in range(times):
        before(n)
        started = process_time()
        draw()
        took.append((process_time() - started) * 1000)
    p50, p95 = np.percentile(took, (50, 95))
    print(f"{words}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def measure_drawing(words: str, times: int, dock: Dock) -> None:
    """Draw what a window, a stroke and a slider ask for."""
    planes = PlanesPresenter(dock, dock)
    planes.draw()

    def turn(n: int) -> None:
        dock.go_to((100.0 + n, *dock.point[1:]))

    measure(f"{words}, a new window", times, lambda _: planes.look_changed(), planes.draw)
    measure(f"{words}, a stroke", times, lambda _: planes.labels_changed(), planes.draw)
    measure(f"{words}, a slice step", times, turn, planes.draw)


def main(times: Annotated[int, typer.Option(help="How many drawings of a kind.")] = 30) -> None:
    """Draw a CT with a mask, and with a PET over it too."""
    rng = np.random.default_rng(0)
    array = np.tile(rng.normal(40, 20, _SHAPE[1:]).astype(np.int16), (_SHAPE[0], 1, 1))
    geometry = Geometry(_SHAPE, (1.0, 0.7, 0.7))
    volume = Volume.from_source_array(array, geometry, name="ct", format="made", modality="CT")
    for words, with_pet in (("CT and mask", False), ("CT, PET and mask", True)):
        dock = Dock(volume, sheets_of(volume, with_pet=with_pet))
        measure_drawing(words, times, dock)


if __name__ == "__main__":
    typer.run(main)
