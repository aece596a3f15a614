"""Which slices a report shows, and how near it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.io.overlay import WHOLE
from napari_medssl.io.report.words import plane_axis
from napari_medssl.volume.planes import AXIS_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.io.label_figures import LabelFigures
    from napari_medssl.io.overlay import Box
    from napari_medssl.volume import Volume

_AROUND = 1.5  # side of a near view, in sizes of what it shows
_NEAREST = 24  # and at least so many of the larger pixels


@dataclass(frozen=True)
class View:
    """One picture of a report.

    Parameters
    ----------
    axis, index : int
        Array axis across which to cut, and where.
    words : str
        What stands below it.
    box : three slices
        The part of the image it shows.
    label : LabelFigures or None
        The label it is about, if it is about one.
    """

    axis: int
    index: int
    words: str
    box: Box = WHOLE
    label: LabelFigures | None = None


def overview(volume: Volume, figures: Sequence[LabelFigures]) -> list[View]:
    """Whole slices through the middle of what is outlined: three planes where there are three."""
    shape, main = volume.geometry.shape, plane_axis(volume)
    solid = volume.stack == "space" and min(shape) > 1
    biggest = max(figures, key=lambda label: label.voxels, default=None)
    at = biggest.largest_slice if biggest else [n // 2 for n in shape]
    axes = range(3) if solid else (main,)
    return [View(axis, at[axis], _words(volume, axis, at[axis])) for axis in axes]


def through(volume: Volume, figures: Sequence[LabelFigures], most: int) -> list[View]:
    """Up to ``most`` slices from end to end of what is outlined, seen from near."""
    main = plane_axis(volume)
    box = _around_all(figures) if figures else _whole(volume)
    first, last = box[main].start, box[main].stop - 1
    places = np.unique(np.rint(np.linspace(first, last, min(most, last - first + 1))).astype(int))
    near = near_box(volume, box, main) if volume.stack == "space" else WHOLE
    return [View(main, int(n), _words(volume, main, int(n)), near) for n in places]


def each_label(volume: Volume, figures: Sequence[LabelFigures], most: int) -> list[View]:
    """The largest labels, each where it covers most, seen from near."""
    main = plane_axis(volume)
    largest = sorted(figures, key=lambda label: -label.voxels)[:most]
    return [
        View(
            main,
            label.largest_slice[main],
            label.label.name,
            near_box(volume, label.box, main),
            label,
        )
        for label in sorted(largest, key=lambda label: label.label.value)
    ]


def near_box(volume: Volume, box: Box, axis: int) -> Box:
    """Widen a box to a square, in mm, with room around it, as far as the image goes."""
    spacing, shape = volume.geometry.spacing_mm, volume.geometry.shape
    across = [a for a in range(3) if a != axis]
    sizes = [(box[a].stop - box[a].start) * spacing[a] for a in across]
    side_mm = max(*(_AROUND * size for size in sizes), *(_NEAREST * spacing[a] for a in across))
    near = list(box)
    for a in across:
        wanted = min(shape[a], round(side_mm / spacing[a]))
        middle = (box[a].start + box[a].stop) // 2
        start = min(max(0, middle - wanted // 2), shape[a] - wanted)
        near[a] = slice(start, start + wanted)
    return near[0], near[1], near[2]


def _words(volume: Volume, axis: int, index: int) -> str:
    if volume.frame_axis == axis:
        return f"Frame {index}"
    if volume.geometry.shape[axis] == 1:
        return "Image"
    if not volume.orientation_known:
        return f"Slice {index}"
    return f"{AXIS_NAMES[axis].capitalize()} slice {index}"


def _around_all(figures: Sequence[LabelFigures]) -> Box:
    z, y, x = (
        slice(min(f.box[a].start for f in figures), max(f.box[a].stop for f in figures))
        for a in range(3)
    )
    return z, y, x


def _whole(volume: Volume) -> Box:
    z, y, x = (slice(0, n) for n in volume.geometry.shape)
    return z, y, x
