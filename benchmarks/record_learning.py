"""A round of learning with a real mouse, as pictures, clicks and seconds.

    xvfb-run -a -s "-screen 0 1280x1024x24" python benchmarks/record_learning.py DATA \
        --out FRAMES [--minutes 3] [--cases 10] [--done 4]

DATA holds ``msd-hippocampus``. A project of --cases cases is made; --done of them have their mask,
and all but one of these are marked as done. The rest is what a person does, through X events that
xdotool sends: mark the last one as done, learn, look at the verdict and at both outlines of a
judged case, take the model, run it on the other cases, and open the one that the queue puts first.
Printed are clicks, keys and seconds, the verdict, and what the gate and the truth say of the other
cases. FRAMES gets a picture of each step.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from hand import Hand, first_case, middle, on, perform, seen, tab
from hippocampus import make_project, mask_of, paired
from qtpy.QtWidgets import QDoubleSpinBox, QListWidget

from napari_medssl.evaluate import dice
from napari_medssl.project import open_project
from napari_medssl.project.proposals import read_proposal
from napari_medssl.project.review_queue import review_queue
from napari_medssl.project.versions import current, versions

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from numpy.typing import NDArray
    from qtpy.QtCore import QPoint

    from napari_medssl.project import Project
    from napari_medssl.project.review_queue import QueueRow

_LABELS = (1, 2)
_MINUTE_S = 60.0
_GRACE_S = 600.0
_PICTURES = 4


def first_of(list_beside: str) -> Callable[[], QPoint | None]:
    """Find the first line of the list whose lines have a word in their tooltips."""

    def find() -> QPoint | None:
        for view in seen(QListWidget):
            if view.count() and list_beside in view.item(0).toolTip():
                place = view.visualItemRect(view.item(0)).center()
                return view.viewport().mapToGlobal(place)
        return None

    return find


def set_minutes(hand: Hand, minutes: float) -> None:
    """Type how long it may learn."""

    def find() -> QPoint | None:
        found = [box for box in seen(QDoubleSpinBox) if box.suffix() == " min"]
        return middle(found[0]) if found else None

    hand.click(find, twice=True)
    hand.press("ctrl+a")
    for letter in f"{minutes:g}":
        hand.press("period" if letter == "." else letter)
    hand.press("Tab")


def work(hand: Hand, viewer: napari.Viewer, study: Path, minutes: float) -> None:
    """Everything a person does."""
    hand.click(on("Open project"))
    hand.paste(str(study))
    hand.click(first_case)
    hand.picture("a project, one case left to be called done")
    hand.click(first_case, twice=True)
    hand.wait(lambda: len(viewer.layers) > 1)
    sleep(2)
    hand.picture("the case with its mask")
    hand.click(tab("Project"))
    hand.click(on("Done"))
    hand.click(tab("Learn"))
    hand.wait(on("Learn from my corrections"))
    set_minutes(hand, minutes)
    hand.picture("what would be learned, and who judges")
    hand.click(on("Learn from my corrections"))
    hand.wait(on("Stop and keep the best"))
    for part in range(_PICTURES):
        sleep(minutes * _MINUTE_S / _PICTURES)
        hand.picture(f"while it learns {part + 1}")
    patience = minutes * _MINUTE_S + _GRACE_S
    hand.wait(lambda: on("Use it")() is not None or None, patience)
    hand.picture("the verdict")
    hand.click(first_of("draws both models' outlines"))
    sleep(3)
    hand.picture("both outlines on a judged case")
    hand.wait(on("Hide outlines"))
    hand.click(on("Hide outlines"))
    hand.click(on("Use it"))
    if on("Use it anyway")() is not None:
        hand.click(on("Use it anyway"))
    hand.wait(on("Run it"))
    hand.picture("in use")
    hand.click(on("Run it"))
    hand.wait(lambda: bool(review_rows(study)) or None, patience)
    hand.wait(on("Open the next case"))
    sleep(2)
    hand.picture("the queue")
    hand.click(on("Open the next case"))
    sleep(4)
    hand.picture("the case that teaches most")


def review_rows(study: Path) -> tuple[QueueRow, ...]:
    """Return the queue once the model looked at every case in it."""
    with open_project(study, read_only=True) as project:
        rows = review_queue(project)
    return rows if rows and all(row.gain is not None for row in rows) else ()


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    minutes: Annotated[float, typer.Option(help="How long it may learn.")] = 3.0,
    cases: Annotated[int, typer.Option(help="Of the project.")] = 10,
    done: Annotated[int, typer.Option(help="That were corrected.")] = 4,
) -> None:
    """Record a round."""
    root = data.resolve() / "msd-hippocampus"
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_DATA_HOME"] = str(Path(scratch) / "data")
        os.environ["XDG_CONFIG_HOME"] = str(Path(scratch) / "config")
        study = Path(scratch) / "hippocampus"
        names = make_project(root, study, paired(root)[:cases], done=done)
        with open_project(study) as project:
            project.set_status(next(iter(names)), "in work")

        def act(viewer: napari.Viewer, hand: Hand) -> None:
            work(hand, viewer, study, minutes)
            print(f"{hand.clicks} clicks, {hand.keys} keys, {hand.seconds:.0f} s")

        perform(("Segment", "Learn", "Project"), out, act)
        tell(root, study, names)


def tell(root: Path, study: Path, names: dict[str, str]) -> None:
    """Print what was judged, and how good the proposals are."""
    with open_project(study, read_only=True) as project:
        print(versions(project)[0].figures["verdict"]["words"])
        assert current(project) is not None, "no model is in use"
        for row in review_queue(project):
            truth = mask_of(root, names[row.case], project.read_image(row.case))
            print(f"  {names[row.case]}: {row.reason}; {proposed(project, row.case, truth)}")


def proposed(project: Project, case: str, truth: NDArray[np.uint8]) -> str:
    """Return how near a proposal is to the truth, in words."""
    proposal = read_proposal(project, case)
    if proposal is None:
        return "no proposal"
    mean = np.mean([dice(proposal.labels == label, truth == label) for label in _LABELS])
    return f"Dice of the proposal {mean:.3f}"


if __name__ == "__main__":
    typer.run(main)
