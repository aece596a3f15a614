"""How long the window stands still while slices of a volume are embedded in the background.

    xvfb-run -a python benchmarks/window_stall.py [--slices N] [--sample NAME]

A timer asks to be called every 5 ms; what it is late by is a stall. Printed are the percentiles
and the longest, with nothing to do and while slices are embedded one after another.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import napari
import numpy as np
import typer
from qtpy.QtCore import QTimer
from qtpy.QtTest import QTest

from napari_medssl._napari.layers import image_layer
from napari_medssl._napari.panels.segment import SegmentPanel
from napari_medssl._napari.torch_beside_mesa import import_triton_by_itself
from napari_medssl.io.samples import sample
from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, Plane, load_engine
from napari_medssl.volume import default_window

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY_MS, _IDLE_MS = 5, 3000


class StallProbe:
    """A timer that notes how late it is."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._tick)

    def watch(self, words: str, work: Callable[[], None]) -> None:
        """Print how late the timer was while ``work`` ran its event loop."""
        self._late, self._last = [], perf_counter()
        self._timer.start()
        work()
        self._timer.stop()
        late = np.array(self._late)
        p50, p99 = np.percentile(late, (50, 99))
        print(f"{words}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {late.max():.0f} ms")

    def _tick(self) -> None:
        now = perf_counter()
        self._late.append(max(0.0, (now - self._last) * 1000 - _EVERY_MS))
        self._last = now


def main(
    slices: Annotated[int, typer.Option(help="How many slices to embed.")] = 12,
    name: Annotated[str, typer.Option("--sample", help="Which sample.")] = "abdomen-ct",
) -> None:
    """Open a window with the Segment panel and watch its event loop."""
    import_triton_by_itself()
    volume = sample(name)
    viewer = napari.Viewer()
    data, options, _ = image_layer(volume)
    viewer.add_image(data, **options)
    panel = SegmentPanel(viewer)
    viewer.window.add_dock_widget(panel, name="Segment", area="right")
    segmenter = InteractiveSegmenter(load_engine(), EmbeddingCache(None))
    window, probe, answered = default_window(volume), StallProbe(), []
    QTest.qWait(_IDLE_MS)
    probe.watch("nothing to do", lambda: QTest.qWait(_IDLE_MS))

    def embed() -> None:
        for index in range(slices):
            plane = Plane(0, index * volume.geometry.shape[0] // slices)
            panel.presenter.activity.run(
                f"Preparing {plane}",
                lambda plane=plane: segmenter.prepare(volume, plane, window),
                answered.append,
                topic=str(plane),
            )
        while len(answered) < slices:
            QTest.qWait(20)

    started = perf_counter()
    probe.watch(f"embedding {slices} slices", embed)
    print(f"{(perf_counter() - started) / slices:.2f} s a slice")
    viewer.close()


if __name__ == "__main__":
    typer.run(main)
