"""What the panel says of prompt tools and of an outline they led to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl._napari.keys import KEYS

if TYPE_CHECKING:
    from napari_medssl.segment import Prompts, SliceResult
    from napari_medssl.volume import Volume

#: what to do with a tool that was picked up
HINTS = {
    "look": "Drag to move the image, turn the wheel to zoom.",
    "point": "Click inside what you want to outline; with Shift, what it should leave out.",
    "not-point": "Click what the outline should leave out.",
    "box": "Drag a box around what you want to outline.",
    "scribble": "Draw a line through what you want to outline; with Shift, through what it is not.",
    "lasso": "Draw around what you want to outline.",
    "brush": "Paint with the current label. Hold the right button to encircle an area.",
    "eraser": "Rub out the label in use; others stay unless they may be overwritten.",
    "fill": "Click an area to give it the current label.",
}


def outlined(volume: Volume, prompts: Prompts, result: SliceResult) -> str:
    """Return what was found on a slice, how sure it is, and what can be done next."""
    seconds = result.encode_seconds + result.predict_seconds
    return (
        f"Outlined {_size(volume, result)} in {seconds:.1f} s (confidence {result.score:.2f}). "
        f"{_next_step(prompts, result)}"
    )


def _next_step(prompts: Prompts, result: SliceResult) -> str:
    if result.readings == 1:
        return "Keep it, or add points."
    number = prompts.reading % result.readings + 1
    key = KEYS["other"]
    return f"Outline {number} of {result.readings}: keep it, add points, or see another ({key})."


def _size(volume: Volume, result: SliceResult) -> str:
    voxels = int(np.count_nonzero(result.mask))
    if not volume.spacing_known:
        return f"{voxels:,} pixels"
    a, b = (s for n, s in enumerate(volume.geometry.spacing_mm) if n != result.plane.axis)
    return f"{voxels * a * b / 100:.1f} cm²"
