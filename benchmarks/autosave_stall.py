"""How long the window stands still while strokes on a large case are saved as they are drawn.

    xvfb-run -a python benchmarks/autosave_stall.py [--strokes N]

A case of 512 x 512 x 300 voxels is open in a real window with both panels. Ten times a second a
stroke is painted; the project writes each to the disk before it counts as saved. A timer asks to
be called every 5 ms; what it is late by is a stall. Printed are the percentiles at rest and while
painting, and the time from a stroke to the panel's word that it is saved.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Annotated

import napari
import numpy as np
import typer
from event_loop import wait, wait_until
from napari.layers import Labels
from window_stall import StallProbe, is_looking, wait_until_quiet

from napari_medssl._napari.panels.project.panel import ProjectPanel
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects
from napari_medssl.io import write_volume
from napari_medssl.project import create_project
from napari_medssl.volume import Geometry, Volume

SHAPE = (300, 512, 512)
CASE = "case-001"
_EVERY_MS, _REST_MS = 100, 5000


def main(
    strokes: Annotated[int, typer.Option(help="How many strokes.")] = 100,
) -> None:
    """Paint on a case, and watch the event loop."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_project(folder)
        viewer = napari.Viewer()
        viewer.window.resize(1280, 1000)
        segment = SegmentPanel(viewer)
        viewer.window.add_dock_widget(segment, name="Segment", area="right")
        panel = ProjectPanel(viewer, recent=RecentProjects(folder / "recent.json"))
        viewer.window.add_dock_widget(panel, name="Project", area="right")
        panel.presenter.open(folder / "study")
        while panel.presenter.project is None:
            wait(20)
        panel.presenter.case.open(CASE)
        while panel.presenter.case.id is None:
            wait(20)
        wait_until(lambda: is_looking(segment))  # the network's first look has its own benchmark
        wait_until_quiet(segment)
        probe, mask = StallProbe(), next(la for la in viewer.layers if isinstance(la, Labels))
        mask.brush_size = 20
        probe.watch("nothing to do", lambda: wait(_REST_MS))
        waits: list[float] = []
        probe.watch("painting, saved as drawn", lambda: paint(panel, mask, strokes, waits))
        p50, p99 = np.percentile(np.array(waits) * 1000, (50, 99))
        print(f"stroke to 'All changes saved': p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        panel.presenter.close()
        viewer.close()


def make_project(folder: Path) -> None:
    """One case of noise."""
    array = np.random.default_rng(0).integers(-1000, 1000, SHAPE, np.int16)
    scan = Volume.from_source_array(
        array, Geometry(SHAPE), name="scan", format="made", modality="CT"
    )
    write_volume(scan, folder / "scan.nii")
    with create_project(folder / "study") as project:
        project.add(folder / "scan.nii")


def paint(panel: ProjectPanel, mask: Labels, strokes: int, waits: list[float]) -> None:
    """Draw lines on the slice on the screen, and note how long each takes to be saved."""
    drawn = [0.0]
    show = panel._header.show_saving

    def show_and_note(words: str, *, problem: bool) -> None:
        show(words, problem=problem)
        if words == "All changes saved" and drawn[0]:
            waits.append(perf_counter() - drawn[0])
            drawn[0] = 0.0

    panel._header.show_saving = show_and_note
    places = np.random.default_rng(1).integers(50, 460, (strokes, 2))
    for number, (row, column) in enumerate(places.tolist()):
        drawn[0] = perf_counter()
        with mask.block_history():
            for step in range(0, 30, 5):
                mask.paint((150, row + step, column + step), number % 2 + 1)
        wait(_EVERY_MS)
    panel._header.show_saving = show


if __name__ == "__main__":
    typer.run(main)
