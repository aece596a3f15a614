"""How long the window stands still: embedding, painting, undoing, and correcting with tools.

    xvfb-run -a python benchmarks/window_stall.py [--slices N] [--sample NAME] [--strokes N]

While slices are embedded or a tool works, a timer asks to be called every 5 ms; what it is late
by is a stall. Strokes are those of a real mouse on a CT of 512 x 512 x 300 voxels: each figure is
the time from a mouse event or a key until the canvas has drawn what came of it. There are two kinds
of them: a few strokes while the network looks at the first slice, with which they share the
processors, and all others once nothing runs in the background any more.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import napari
import numpy as np
import typer
from canvas import from_middle
from event_loop import wait, wait_until
from qtpy.QtCore import QEvent, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QApplication

from napari_medssl._napari.before_torch import before_torch
from napari_medssl._napari.layers import image_layer
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl.io.samples import sample
from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, Plane, load_engine
from napari_medssl.volume import Geometry, Volume, default_window

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY_MS, _IDLE_MS, _BETWEEN_MS, _TOOL_MS = 5, 3000, 15, 100
_SHAPE = (300, 512, 512)
_MOVES = 6


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
        report(words, self._late)

    def _tick(self) -> None:
        now = perf_counter()
        self._late.append(max(0.0, (now - self._last) * 1000 - _EVERY_MS))
        self._last = now


class Mouse:
    """Draws on the canvas of a viewer, and notes how long each event took to the screen."""

    def __init__(self) -> None:
        canvases = [w for w in QApplication.allWidgets() if isinstance(w, QOpenGLWidget)]
        self._canvas = next(w for w in canvases if w.isVisible())
        self.took: list[float] = []

    def stroke(self, rng: np.random.Generator) -> None:
        """Press, move and let go, somewhere in the middle of the canvas."""
        size = np.array([self._canvas.width(), self._canvas.height()])
        at = size * rng.uniform(0.35, 0.65, 2)
        way = rng.uniform(-20, 20, 2)
        self._send(QEvent.Type.MouseButtonPress, at)
        for step in range(_MOVES):
            self._send(QEvent.Type.MouseMove, at + step * way)
        self._send(QEvent.Type.MouseButtonRelease, at + _MOVES * way)

    def click(self, viewer: Any, voxel: tuple[int, ...]) -> None:
        """Press and let go on a voxel of the slice that a viewer shows."""
        size = np.array([self._canvas.width(), self._canvas.height()])
        at = size / 2 + from_middle(viewer, voxel)[::-1]
        self._send(QEvent.Type.MouseButtonPress, at)
        self._send(QEvent.Type.MouseButtonRelease, at)

    def until_drawn(self, act: Callable[[], Any]) -> None:
        """Note how long something takes until it is on the screen."""
        wait(_BETWEEN_MS)
        started = perf_counter()
        act()
        self._canvas.update()  # drawn once, with whatever else asked for it
        QApplication.processEvents()
        self.took.append((perf_counter() - started) * 1000)

    def _send(self, kind: QEvent.Type, at: np.ndarray) -> None:
        place, left = QPointF(*at), Qt.MouseButton.LeftButton
        none = Qt.MouseButton.NoButton
        move = kind == QEvent.Type.MouseMove
        held = none if kind == QEvent.Type.MouseButtonRelease else left
        event = QMouseEvent(
            kind,
            place,
            self._canvas.mapToGlobal(place),
            none if move else left,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        self.until_drawn(lambda: QApplication.sendEvent(self._canvas, event))


def report(words: str, milliseconds: list[float]) -> None:
    """Print the middle, the slow end and the slowest."""
    p50, p99 = np.percentile(milliseconds, (50, 99))
    longest = max(milliseconds)
    print(f"{words}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {longest:.0f} ms")


def large_ct() -> Volume:
    """A CT of 512 x 512 x 300 voxels: a bright body in noise."""
    rng = np.random.default_rng()  # of a slice that it knows the network's answer is on the disk
    array = np.tile(rng.normal(40, 20, _SHAPE[1:]).astype(np.int16), (_SHAPE[0], 1, 1))
    array[:, :60], array[:, -60:] = -1000, -1000
    return Volume.from_source_array(
        array, Geometry(_SHAPE, (1.0, 0.7, 0.7)), name="ct", format="made", modality="CT"
    )


def open_panel(volume: Volume) -> tuple[Any, SegmentPanel]:
    """Open a window with the Segment panel."""
    viewer = napari.Viewer()
    data, options, _ = image_layer(volume)
    viewer.add_image(data, **options)
    panel = SegmentPanel(viewer)
    viewer.window.add_dock_widget(panel, name="Segment", area="right")
    return viewer, panel


def is_looking(panel: SegmentPanel) -> bool:
    """Whether the network is looking at the slice on the screen."""
    running = panel.presenter.activity.running
    return panel.presenter.engine.ready and any(w.startswith("Preparing") for w in running)


def wait_until_quiet(panel: SegmentPanel) -> None:
    """Wait until nothing runs in the background, and for a while more."""
    wait_until(lambda: not panel.presenter.activity.running)
    wait(_IDLE_MS)


def embed(slices: int, name: str) -> None:
    """Embed slices one after another."""
    volume = sample(name)
    viewer, panel = open_panel(volume)
    wait_until(lambda: is_looking(panel))
    wait_until_quiet(panel)
    segmenter = InteractiveSegmenter(load_engine(), EmbeddingCache(None))
    window, probe, answered = default_window(volume), StallProbe(), []
    probe.watch("nothing to do", lambda: wait(_IDLE_MS))

    def run() -> None:
        for index in range(slices):
            plane = Plane(0, index * volume.geometry.shape[0] // slices)
            panel.presenter.activity.run(
                f"Preparing {plane}",
                lambda plane=plane: segmenter.prepare(volume, plane, window),
                answered.append,
                topic=str(plane),
            )
        while len(answered) < slices:
            wait(20)

    started = perf_counter()
    probe.watch(f"embedding {slices} slices", run)
    print(f"{(perf_counter() - started) / slices:.2f} s a slice")
    viewer.close()


def paint(strokes: int) -> None:
    """Paint, undo and redo, then run tools on what was painted."""
    viewer, panel = open_panel(large_ct())
    to, rng, mouse, probe = panel.presenter, np.random.default_rng(2), Mouse(), StallProbe()
    to.prompting.use_tool("brush")
    layer = panel._scene._masks.find().layer
    paint_beside_network(panel, layer, mouse, rng)
    wait_until_quiet(panel)
    print("nothing runs in the background:")
    mouse.took = []
    for _ in range(strokes):
        mouse.until_drawn(lambda: None)
    report("drawing the canvas alone", mouse.took)
    for words, dimensions, size in (("2-D brush of 40", 2, 40), ("3-D ball of 20", 3, 20)):
        layer.n_edit_dimensions, layer.brush_size = dimensions, size
        for act, what in (
            (lambda: mouse.stroke(rng), "stroke to screen"),
            (lambda: mouse.until_drawn(to.history.undo), "undo"),
            (lambda: mouse.until_drawn(to.history.redo), "redo"),
        ):
            mouse.took = []
            for _ in range(strokes):
                act()
            report(f"{words}, {what}", mouse.took)
    for tool in ("grow", "median", "keep-largest", "fill-between"):
        run_tool(panel, probe, tool)
    viewer.close()


def paint_beside_network(
    panel: SegmentPanel, layer: Any, mouse: Mouse, rng: np.random.Generator
) -> None:
    """Paint for as long as the network looks at the first slice."""
    layer.n_edit_dimensions, layer.brush_size = 2, 40
    alone: list[float] = []
    painted: list[float] = []
    wait_until(lambda: is_looking(panel))
    while is_looking(panel):
        mouse.took = alone
        mouse.until_drawn(lambda: None)
        mouse.took = painted
        mouse.stroke(rng)
    print(f"while the network looks at the first slice, {len(alone)} strokes:")
    report("drawing the canvas alone", alone)
    report("2-D brush of 40, stroke to screen", painted)


def run_tool(panel: SegmentPanel, probe: StallProbe, name: str) -> None:
    """Run a tool, and take it back."""
    to = panel.presenter
    mask = panel._scene.mask

    def run(act: Callable[[], None]) -> None:
        act()
        wait_until(lambda: not mask.why_not)
        wait(_TOOL_MS)

    started = perf_counter()
    probe.watch(f"tool {name}", lambda: run(lambda: to.tools.apply(name, {})))
    print(f"{perf_counter() - started:.2f} s")
    probe.watch(f"undo of {name}", lambda: run(to.history.undo))


def main(
    slices: Annotated[int, typer.Option(help="How many slices to embed.")] = 12,
    name: Annotated[str, typer.Option("--sample", help="Which sample.")] = "abdomen-ct",
    strokes: Annotated[int, typer.Option(help="How many strokes.")] = 40,
) -> None:
    """Watch a window's event loop."""
    before_torch()
    if slices:
        embed(slices, name)
    if strokes:
        paint(strokes)


if __name__ == "__main__":
    typer.run(main)
