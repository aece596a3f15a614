"""One object from open to kept with a real mouse, as pictures, clicks and seconds.

    xvfb-run -a -s "-screen 0 1280x1024x24" python benchmarks/record_object.py IMAGE TRUTH \
        --out FRAMES [--label N] [--box] [--grow]

IMAGE is a file or a DICOM folder, TRUTH a mask of it, which stands for what a clinician sees. The
image is opened with its button, the slice turned to that shows most of the object, and the object
clicked in its middle, or boxed. Where the outline is wrong, the middle of the largest fault is
clicked, up to three times. With --grow it then goes through the volume. Then it is kept. All of it
by X events that xdotool sends. Printed are the Dice with the truth after each click and of what was
kept, clicks, keys and seconds. FRAMES gets a picture of each step.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it from the annotations
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from canvas import Canvas
from hand import Hand, on, perform
from scipy.ndimage import binary_fill_holes

from napari_medssl.evaluate import dice
from napari_medssl.finetune.prompts import next_point
from napari_medssl.io import read_labels, read_volume
from napari_medssl.segment import Plane

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray
    from qtpy.QtCore import QPoint

#: a clinician lets an outline pass from here on, and does not click for ever
_GOOD, _MOST_CLICKS = 0.92, 4
#: outside the object, in pixels, where a box begins
_MARGIN = 2
_LOOK_S, _GROW_S = 120.0, 600.0


class Session:
    """A hand, what it sees, and what it wants."""

    def __init__(self, hand: Hand, canvas: Canvas, truth: NDArray[np.bool_], plane: Plane) -> None:
        self._hand, self._canvas = hand, canvas
        self._truth, self._plane = truth, plane

    def open(self, image: Path) -> None:
        """Open an image with its button, and turn to the slice."""
        self._hand.picture("napari")
        self._hand.click(on("Open folder" if image.is_dir() else "Open file"))
        self._hand.paste(str(image))
        axis, index = self._plane.axis, self._plane.index
        self._hand.wait(lambda: self._canvas.turn_to(axis, index))
        self._hand.picture("opened")

    def outline(self, *, box: bool) -> None:
        """Mark the object until its outline is good, or was marked often enough."""
        wanted = self._plane.view(self._truth)
        found = np.zeros_like(wanted)
        for number in range(_MOST_CLICKS):
            if box and not number:
                self._hand.press("g")
                self._hand.drag(lambda: (self._corner(wanted, 0), self._corner(wanted, -1)))
                words = "box"
            else:
                (x, y), inside = next_point(found, wanted)
                self._hand.press("q")
                self._hand.click(lambda at=(int(y), int(x)): self._at(*at), shift=not inside)
                words = f"click {'inside' if inside else 'outside'}"
            found = self._hand.wait(lambda before=found: self._outline_unlike(before), _LOOK_S)
            score = dice(found, wanted)
            print(f"{number + 1}. {words}: Dice {score:.3f} of the slice")
            self._hand.picture(f"{words}, Dice {score:.2f}")
            if score >= _GOOD:
                return

    def grow(self) -> None:
        """Let it go through the volume."""
        self._hand.press("shift+g")
        self._hand.wait(on("Stop"))
        self._hand.picture("goes through the volume")
        self._hand.wait(lambda: on("Stop")() is None, _GROW_S)
        self._hand.picture("went through the volume")

    def keep(self, *, whole: bool) -> float:
        """Keep what is outlined; return its Dice with the truth, whole or on the slice."""
        self._hand.press("k")
        kept = self._hand.wait(self._kept)
        self._hand.picture("kept")
        if whole:
            return dice(kept, self._truth)
        return dice(self._plane.view(kept), self._plane.view(self._truth))

    def _kept(self) -> NDArray[np.bool_] | None:
        mask = self._canvas.mask()
        done = self._canvas.preview() is None and mask is not None and mask.any()
        return mask > 0 if done else None

    def _outline_unlike(self, before: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        preview = self._canvas.preview()
        if preview is None:
            return None
        outline = binary_fill_holes(self._plane.view(preview))  # what is shown is its rim
        return outline if outline.any() and not np.array_equal(outline, before) else None

    def _corner(self, wanted: NDArray[np.bool_], which: int) -> QPoint:
        ends = [np.flatnonzero(wanted.any(axis=axis))[which] for axis in (1, 0)]
        out = _MARGIN if which else -_MARGIN
        return self._at(int(ends[0]) + out, int(ends[1]) + out)

    def _at(self, row: int, column: int) -> QPoint:
        voxel = [row, column]
        voxel.insert(self._plane.axis, self._plane.index)
        return self._canvas.place(tuple(voxel))


def main(
    image: Annotated[Path, typer.Argument(help="A file, or a DICOM folder.")],
    truth: Annotated[Path, typer.Argument(help="A mask of it.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    label: Annotated[int, typer.Option(help="Which object; 0: all of them as one.")] = 0,
    box: Annotated[bool, typer.Option("--box", help="Begin with a box.")] = False,
    grow: Annotated[bool, typer.Option("--grow", help="Go through the volume.")] = False,
) -> None:
    """Record one object."""
    volume = read_volume(image)
    labels = read_labels(truth, volume)
    wanted = labels == label if label else labels > 0
    axis = volume.slice_axis
    areas = wanted.sum(axis=tuple(a for a in range(wanted.ndim) if a != axis))
    plane = Plane(axis, int(areas.argmax()))

    def act(viewer: napari.Viewer, hand: Hand) -> None:
        session = Session(hand, Canvas(viewer), wanted, plane)
        session.open(image.resolve())
        session.outline(box=box)
        if grow:
            session.grow()
        print(f"Dice of what was kept: {session.keep(whole=grow):.3f}")
        print(f"{hand.clicks} clicks, {hand.keys} keys, {hand.seconds:.0f} s")

    perform(("Segment",), out, act)


if __name__ == "__main__":
    typer.run(main)
