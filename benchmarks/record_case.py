"""One case from open to an exported DICOM SEG with a real mouse, as pictures, clicks and seconds.

    xvfb-run -a -s "-screen 0 1280x1024x24" python benchmarks/record_case.py DICOM_FOLDER TRUTH \
        --out FRAMES [--every 5]

TRUTH is a mask of the case (RTSTRUCT, SEG, NIfTI): a box around it on every fifth slice stands for
what a clinician sees. Everything else is done as a person does it, through X events that xdotool
sends: a project, the case, boxes, filling between slices, export. Printed are clicks, keys and
seconds, and the Dice of what was exported with the truth. FRAMES gets a picture of each step.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from canvas import Canvas
from hand import Hand, choose, first_case, on, perform, tab

from napari_medssl.evaluate import dice
from napari_medssl.io import read_labels, read_volume

if TYPE_CHECKING:
    import napari
    from qtpy.QtCore import QPoint

_MARGIN = 2


def box_on(canvas: Canvas, truth: np.ndarray, index: int) -> tuple[QPoint, QPoint]:
    """Two corners around the truth on a slice."""
    rows, cols = np.nonzero(truth[index])
    low = (index, int(rows.min()) - _MARGIN, int(cols.min()) - _MARGIN)
    high = (index, int(rows.max()) + _MARGIN, int(cols.max()) + _MARGIN)
    return canvas.place(low), canvas.place(high)


def work(
    hand: Hand, canvas: Canvas, truth: np.ndarray, slices: list[int], case: Path, home: Path
) -> None:
    """Everything a person does."""
    hand.picture("napari with both panels")
    hand.click(on("New project"))
    hand.paste(str(home / "sarcoma"))
    hand.wait(on("Add folder"))
    hand.click(on("Add folder"))
    hand.paste(str(case))
    hand.wait(first_case)
    hand.picture("a project with one case")
    hand.click(first_case, twice=True)
    hand.wait(lambda: canvas.turn_to(0, slices[0]))
    sleep(3)
    for number, index in enumerate(slices):
        hand.wait(lambda index=index: canvas.turn_to(0, index))
        hand.press("g")
        hand.drag(lambda index=index: box_on(canvas, truth, index))
        hand.wait(canvas.preview)
        hand.picture(f"box on slice {index}")
        hand.press("k")
        hand.wait(lambda: canvas.preview() is None)
        if number == 0:
            hand.picture("outline kept")
    finish(hand, canvas, home)


def finish(hand: Hand, canvas: Canvas, home: Path) -> None:
    """Fill between the outlined slices, and export."""
    hand.click(tab("Segment"))
    drawn = hand.wait(canvas.mask)
    hand.click(on("More tools"))
    choose(hand, "Fill between slices")
    hand.click(on("Apply"))
    hand.wait(lambda: bool((canvas.mask() > 0).sum() > (drawn > 0).sum()) or None)
    hand.picture("filled between slices")
    hand.click(tab("Project"))
    hand.click(on("Export"))
    choose(hand, "DICOM SEG")
    hand.picture("export as DICOM SEG")
    hand.click(on("Export"))
    hand.paste(str(home / "sarcoma-seg.dcm"))
    hand.wait(on("Open folder"))
    hand.picture("exported")


def main(
    case: Annotated[Path, typer.Argument(help="A DICOM folder.")],
    truth: Annotated[Path, typer.Argument(help="A mask of it.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    every: Annotated[int, typer.Option(help="A box on every so many slices.")] = 5,
) -> None:
    """Record one case."""
    volume = read_volume(case)
    wanted = read_labels(truth, volume) > 0
    with_truth = np.flatnonzero(wanted.any(axis=(1, 2)))
    slices = sorted({*with_truth[1:-1:every].tolist(), int(with_truth[-2])})

    def act(viewer: napari.Viewer, hand: Hand) -> None:
        with tempfile.TemporaryDirectory() as home:
            work(hand, Canvas(viewer), wanted, slices, case.resolve(), Path(home))
            exported = read_labels(Path(home) / "sarcoma-seg.dcm", volume) > 0
        print(f"{hand.clicks} clicks, {hand.keys} keys, {hand.seconds:.0f} s")
        print(f"boxes on {len(slices)} of {with_truth.size} slices with the object")
        print(f"Dice of the exported SEG with the truth: {dice(exported, wanted):.3f}")

    perform(("Segment", "Project"), out, act)


if __name__ == "__main__":
    typer.run(main)
