"""Whether learning goes on, and is found again, when napari is killed.

    xvfb-run -a python benchmarks/kill_napari.py DATA [--kills 10] [--seed 0]

DATA holds ``msd-hippocampus``. A window opens a project of six finished cases and presses "Learn
from my corrections". At a random moment after the first step the window is killed (SIGKILL). The
job must go on by itself, and another window, opened then, must show it as it runs and stop it by
its own button. Counted are the rounds in which all of that is so.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from hippocampus import make_project, paired
from kill_learning import steps_of

from napari_medssl.jobs import JobStore

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from napari_medssl.jobs import Job

_CASES, _MORE_STEPS = 6, 3
_LATEST_S, _PATIENCE_S, _LOOK_S = 5.0, 240.0, 0.05
_LEARN, _STOP = "Learn from my corrections", "Stop and keep the best"


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    kills: Annotated[int, typer.Option(help="How many windows are killed.")] = 10,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    window: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Print how many jobs went on and were found."""
    if window:
        {"learn": learn_until_killed, "look": look_and_stop}[window](data)
        return
    root, moments, found = data.resolve() / "msd-hippocampus", random.Random(seed), 0  # noqa: S311
    with tempfile.TemporaryDirectory() as scratch:
        study = Path(scratch) / "study"
        make_project(root, study, paired(root)[:_CASES])
        os.environ["XDG_CONFIG_HOME"] = str(Path(scratch) / "config")
        for number in range(kills):
            os.environ["XDG_DATA_HOME"] = str(Path(scratch) / f"data-{number}")
            words = one_round(study, moments.uniform(0, _LATEST_S))
            found += words == "found"
            print(f"  {words}", flush=True)
    print(f"napari killed, the job went on and was found again: {found} of {kills}")
    sys.exit(found < kills)


def one_round(study: Path, after_s: float) -> str:
    """Kill a window beside its job; return ``found``, or what went wrong."""
    from napari_medssl.jobs import jobs_folder

    store = JobStore(jobs_folder())
    window = open_window("learn", study)
    wait_for(lambda: store.jobs() and steps_of(store.jobs()[0]) > 0)
    job = store.jobs()[0]
    time.sleep(after_s)
    window.kill()
    window.wait()
    at = steps_of(job)
    if not wait_for(lambda: steps_of(job) >= at + _MORE_STEPS or job.status().is_over):
        return "the job stood still"
    if job.status().state != "running":
        return f"the job is {job.status().state}: {job.status().message}"
    looked = open_window("look", study)
    said = looked.communicate(timeout=_PATIENCE_S)[0].strip()
    if said != "stopped":
        return f"the other window said: {said}"
    return ended(job)


def ended(job: Job) -> str:
    """Wait until a job that was asked to stop has."""
    wait_for(lambda: job.status().is_over)
    state = job.status().state
    return "found" if state == "cancelled" else f"the job is {state}"


def open_window(what: str, study: Path) -> subprocess.Popen[str]:
    """Open a window in a process of its own."""
    command = [sys.executable, __file__, str(study), "--window", what]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own


def wait_for(true: Callable[[], object]) -> bool:
    """Wait until something is true; False if that takes too long."""
    until = time.monotonic() + _PATIENCE_S
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True


def learn_until_killed(study: Path) -> None:
    """Open a project, and press the button."""
    import napari
    from event_loop import wait_until

    open_panels(study)
    wait_until(lambda: press(_LEARN))
    napari.run()


def look_and_stop(study: Path) -> None:
    """Open a project, and stop what learns in it as soon as that is shown."""
    from event_loop import wait_until
    from hand import seen
    from qtpy.QtWidgets import QMessageBox, QPushButton

    viewer = open_panels(study)
    wait_until(lambda: press(_STOP))
    wait_until(lambda: seen(QMessageBox))
    press(_STOP)
    wait_until(lambda: not any(button.text() == _STOP for button in seen(QPushButton)))
    print("stopped", flush=True)
    viewer.close()


def open_panels(study: Path) -> napari.Viewer:
    """Open a window on a project."""
    import napari

    from napari_medssl._napari.panels.learn.panel import LearnPanel
    from napari_medssl._napari.panels.project.panel import ProjectPanel

    viewer = napari.Viewer()
    project, learn = ProjectPanel(viewer), LearnPanel(viewer)
    viewer.window.add_dock_widget(project, name="Project")
    viewer.window.add_dock_widget(learn, name="Learn")
    project.presenter.open(study)
    return viewer


def press(text: str) -> bool:
    """Press the button that begins with a text, in a dialog rather than in a panel."""
    from hand import seen
    from qtpy.QtWidgets import QPushButton

    found = [button for button in seen(QPushButton) if button.text().startswith(text)]
    if found:
        found[-1].click()
    return bool(found)


if __name__ == "__main__":
    typer.run(main)
