"""How much memory stays behind when large cases are opened and closed, one after the other.

    xvfb-run -a python benchmarks/case_memory.py [--cycles N] [--megabytes N]

Two cases of a project are opened in turn in a real window with both panels, a stroke is painted,
and the process' resident memory is read. What counts is the growth from the second cycle, when
everything has been loaded once, to the last.
"""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import napari
import numpy as np
import psutil
import typer
from event_loop import wait
from napari.layers import Labels
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_medssl._napari.panels.project.panel import ProjectPanel
from napari_medssl._napari.panels.segment.panel import SegmentPanel
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects
from napari_medssl.io import write_volume
from napari_medssl.project import create_project
from napari_medssl.volume import Geometry, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

_ROWS = 512
_SETTLE_MS = 300
_WARM = 2


def main(
    cycles: Annotated[int, typer.Option(help="How often a case is opened.")] = 50,
    megabytes: Annotated[int, typer.Option(help="Size of each image.")] = 200,
) -> None:
    """Open and close cases, and print what stays in memory."""
    process, seen = psutil.Process(), []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        cases = make_project(folder, megabytes)
        viewer = napari.Viewer()
        segment = SegmentPanel(viewer)
        viewer.window.add_dock_widget(segment, name="Segment", area="right")
        panel = ProjectPanel(viewer, recent=RecentProjects(folder / "recent.json"))
        viewer.window.add_dock_widget(panel, name="Project", area="right")
        panel.presenter.open(folder / "study")
        wait_for(lambda: panel.presenter.project is not None)
        for cycle in range(cycles):
            open_and_paint(viewer, panel, cases[cycle % 2], cycle)
            rest(segment)
            seen.append(process.memory_info().rss / 1e6)
            print(f"cycle {cycle + 1}: {seen[-1]:.0f} MB", flush=True)
        panel.presenter.close()
        rest(segment)
        print(f"with the project closed: {process.memory_info().rss / 1e6:.0f} MB")
        viewer.close()
    growth = seen[-1] - seen[min(_WARM, len(seen)) - 1]
    print(f"growth from cycle {_WARM} to {cycles}: {growth:.0f} MB")


def make_project(folder: Path, megabytes: int) -> list[str]:
    """Two cases of noise, which no file system packs."""
    slices = megabytes * 1_000_000 // (2 * _ROWS * _ROWS)
    shape = (slices, _ROWS, _ROWS)
    with create_project(folder / "study") as project:
        for number in range(2):
            array = np.random.default_rng(number).integers(-1000, 1000, shape, np.int16)
            scan = Volume.from_source_array(
                array, Geometry(shape), name="scan", format="made", modality="CT"
            )
            write_volume(scan, folder / f"scan{number}.nii")
            project.add(folder / f"scan{number}.nii")
        return [case.id for case in project.cases()]


def open_and_paint(viewer: napari.Viewer, panel: ProjectPanel, case: str, cycle: int) -> None:
    """Open a case, look through some slices, and paint on it."""
    panel.presenter.case.open(case)
    wait_for(lambda: panel.presenter.case.id == case)
    mask = next(layer for layer in viewer.layers if isinstance(layer, Labels))
    for index in range(0, mask.data.shape[0], 40):
        viewer.dims.set_current_step(0, index)
        wait(1)
    mask.brush_size = 30
    with mask.block_history():
        mask.paint((cycle % mask.data.shape[0], 200, 200 + cycle), 1)
    wait(_SETTLE_MS)


def rest(segment: SegmentPanel) -> None:
    """Let the network finish what it had begun on the slice, and Qt delete what it wants to."""
    idle: list[bool] = []
    segment._work.run(lambda: None, lambda _: idle.append(True), idle.append)
    wait_for(lambda: bool(idle))
    wait(_SETTLE_MS)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


def wait_for(what: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    while not what():
        wait(20)


if __name__ == "__main__":
    typer.run(main)
