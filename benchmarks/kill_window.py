"""Kill a real window while it is painted in, again and again, and look what is left.

    xvfb-run -a python benchmarks/kill_window.py [--kills N]

A window with the Project panel is opened in a process of its own. It paints one voxel after the
other on a case and says, each time the panel calls everything saved, how many strokes that are.
At a random moment it is killed (SIGKILL). The project must open, hold at least the strokes that
were called saved, and hold them in their order: the first ones, without a gap.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from napari_medssl.io import write_volume
from napari_medssl.project import create_project, open_project
from napari_medssl.volume import Geometry, Volume

CASE = "case-001"
SHAPE = (4, 64, 64)
_PAINTING_S = 2.0


def main(
    kills: Annotated[int, typer.Option(help="How many windows to kill.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    paint: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Kill windows and count what is lost."""
    if paint is not None:
        paint_until_killed(paint)
        return
    moments, lost, strokes = random.Random(seed), 0, 0  # noqa: S311 - not a secret
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(kills):
            folder = Path(scratch) / str(number)
            make_project(folder)
            called_saved = kill_one(folder, moments.uniform(0, _PAINTING_S))
            kept = strokes_in(folder)
            lost += max(0, called_saved - kept)
            strokes += kept
    print(f"killed: {kills}, strokes kept: {strokes}, called saved but lost: {lost}")
    sys.exit(lost > 0)


def make_project(folder: Path) -> None:
    """One case, nothing drawn on it."""
    folder.mkdir()
    array = np.zeros(SHAPE, np.int16)
    scan = Volume.from_source_array(array, Geometry(SHAPE), name="scan", format="made")
    write_volume(scan, folder / "scan.nii.gz")
    with create_project(folder / "study") as project:
        project.add(folder / "scan.nii.gz")


def kill_one(folder: Path, after_s: float) -> int:
    """Let a window paint, kill it, and return how many strokes it had called saved."""
    command = [sys.executable, __file__, "--paint", str(folder / "study")]
    window = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    assert window.stdout is not None
    said = iter(window.stdout)
    if "painting" not in next(said, ""):
        raise SystemExit("the window did not begin to paint")
    threading.Timer(after_s, window.kill).start()
    called_saved = 0
    for line in said:
        if line.endswith("\n"):  # not one that was cut off by the kill
            called_saved = int(line)
    window.wait()
    return called_saved


def strokes_in(folder: Path) -> int:
    """Return how many strokes the project holds, and make sure that they are the first ones."""
    with open_project(folder / "study") as project:
        assert project.find_problems() == ()
        state = project.load(CASE)
    drawn = np.flatnonzero(state.labels)
    assert drawn.tolist() == list(range(drawn.size)), "a gap"
    assert project.unfinished is not None or drawn.size == 0
    return int(drawn.size)


def paint_until_killed(folder: Path) -> None:
    """Paint a voxel at each turn of the event loop, and say what is saved."""
    import napari
    from event_loop import wait
    from napari.layers import Labels
    from qtpy.QtCore import QTimer

    from napari_medssl._napari.layers import DOCUMENT
    from napari_medssl._napari.panels.project.panel import ProjectPanel
    from napari_medssl._napari.presenters.project.recent_projects import RecentProjects

    viewer = napari.Viewer()
    panel = ProjectPanel(viewer, recent=RecentProjects(folder.parent / "recent.json"))
    viewer.window.add_dock_widget(panel, name="Project")
    panel.presenter.open(folder)
    while panel.presenter.project is None:
        wait(10)
    panel.presenter.case.open(CASE)
    while panel.presenter.case.id is None:
        wait(10)
    mask = next(layer for layer in viewer.layers if isinstance(layer, Labels))
    history = mask.metadata[DOCUMENT].history
    show_saving = panel._header.show_saving

    def show_and_say(words: str, *, problem: bool) -> None:
        show_saving(words, problem=problem)
        if words == "All changes saved":
            print(len(history.done), flush=True)

    def paint() -> None:
        at = np.unravel_index(len(history.done), SHAPE)
        mask.data_setitem(tuple(np.array([index]) for index in at), 1)

    panel._header.show_saving = show_and_say
    print("painting", flush=True)
    timer = QTimer()
    timer.timeout.connect(paint)
    timer.start(0)
    napari.run()


if __name__ == "__main__":
    typer.run(main)
