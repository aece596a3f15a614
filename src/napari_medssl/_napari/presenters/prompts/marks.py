"""What a prompt tool has drawn on one slice, as prompts; and a change of prompts in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_medssl.errors import PromptError
from napari_medssl.segment.freehand import lasso_prompts, scribble_prompts
from napari_medssl.segment.prompts import BoxPrompt, PointPrompt, Prompts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl._napari.presenters.scene import Index, Place, Tool
    from napari_medssl.segment import Plane

#: the tools that mark, as the history names what they draw
MARKS = {
    "point": "Point",
    "not-point": "Point",
    "box": "Box",
    "scribble": "Scribble",
    "lasso": "Lasso",
}


@dataclass(frozen=True)
class Stroke:
    """What a prompt tool drew on a slice of the canvas, or of the three planes.

    Parameters
    ----------
    tool : str
        One of `MARKS`.
    plane : Plane
        The slice.
    path : sequence of (z, y, x)
        Where the mouse went between press and release; indices, fractions lie between voxels.
    inside : bool
        Whether a point or a scribble lies inside what is wanted.
    """

    tool: Tool
    plane: Plane
    path: Sequence[Place]
    inside: bool = True


def drawn_prompts(stroke: Stroke, shape: Index) -> Prompts:
    """Return what a tool marks.

    Parameters
    ----------
    stroke : Stroke
        What it drew.
    shape : (z, y, x)
        Of the image; what is drawn beyond its edges is cut off.

    Raises
    ------
    PromptError
        If too little was drawn, or nothing on the image.
    """
    tool, plane, path = stroke.tool, stroke.plane, stroke.path
    if tool == "lasso":
        rows, columns = (n for axis, n in enumerate(shape) if axis != plane.axis)
        return lasso_prompts(plane, path, (rows, columns))
    if tool == "box":
        return Prompts(boxes=(_box(plane, path, shape),))
    inside = [place for place in path if _is_inside(plane, place, shape)]
    if not inside:
        raise PromptError("a mark beside the image", do="Draw on the image")
    if tool == "scribble":
        return scribble_prompts(plane, inside, positive=stroke.inside)
    voxel = _voxel(plane, inside[-1], shape)
    return Prompts((PointPrompt(voxel, stroke.inside and tool == "point"),))


def joined(before: Prompts | None, new: Prompts) -> Prompts:
    """Return the prompts of a slice with new ones, none of them twice.

    Raises
    ------
    PromptError
        If a voxel is then marked both inside and outside.
    """
    if before is None:
        return new
    return Prompts(
        tuple(dict.fromkeys((*before.points, *new.points))),
        tuple(dict.fromkeys((*before.boxes, *new.boxes))),
    )


def with_new_readings(
    before: Mapping[Plane, Prompts], after: Mapping[Plane, Prompts]
) -> dict[Plane, Prompts]:
    """Let points that were moved mean what is likeliest where they lie now."""

    def settled(plane: Plane, prompts: Prompts) -> Prompts:
        known = before[plane].points if plane in before else ()
        points = (p if p in known else replace(p, reading=0) for p in prompts.points)
        return replace(prompts, points=tuple(points))

    return {plane: settled(plane, prompts) for plane, prompts in after.items()}


def change_in_words(before: Mapping[Plane, Prompts], after: Mapping[Plane, Prompts]) -> str:
    """Name a step that was made on the canvas itself, for the undo button."""
    (points, boxes), (points_now, boxes_now) = _count(before), _count(after)
    if points_now > points or boxes_now > boxes:
        return "Point" if points_now > points else "Box"
    return "Move mark" if (points, boxes) == (points_now, boxes_now) else "Delete mark"


def _count(prompts: Mapping[Plane, Prompts]) -> tuple[int, int]:
    marked = prompts.values()
    return sum(len(p.points) for p in marked), sum(len(p.boxes) for p in marked)


def _box(plane: Plane, path: Sequence[Place], shape: Index) -> BoxPrompt:
    one, other = (_voxel(plane, place, shape) for place in (path[0], path[-1]))
    if sum(a == b for a, b in zip(one, other, strict=True)) > 1:
        raise PromptError("a box as thin as a line", do="Drag from corner to corner")
    (z, z1), (y, y1), (x, x1) = (sorted(pair) for pair in zip(one, other, strict=True))
    return BoxPrompt((z, y, x), (z1, y1, x1))


def _is_inside(plane: Plane, place: Place, shape: Index) -> bool:
    """Whether a place on the slice is on the image, and not beside it."""
    sides = (axis for axis in range(3) if axis != plane.axis)
    return all(-0.5 <= place[axis] < shape[axis] - 0.5 for axis in sides)


def _voxel(plane: Plane, place: Place, shape: Index) -> Index:
    """The voxel of the slice that is nearest to a place."""
    at = [min(max(round(v), 0), n - 1) for v, n in zip(place, shape, strict=True)]
    at[plane.axis] = plane.index
    return at[0], at[1], at[2]
