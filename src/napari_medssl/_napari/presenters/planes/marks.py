"""Marks on the picture of a plane, and strokes on it as places in the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_medssl._napari.presenters.planes.cut import Order
    from napari_medssl._napari.presenters.scene import Index, Place
    from napari_medssl.segment.prompts import Prompts

Spot = tuple[float, float]  # parts of a picture's height and width


@dataclass(frozen=True)
class PlaneMark:
    """A prompt on the picture of a plane.

    Parameters
    ----------
    spots : tuple of (float, float)
        Where it is, in parts of the picture's height and width: a point, or two corners of a box.
    positive : bool
        Whether it lies inside what is wanted.
    """

    spots: tuple[Spot, ...]
    positive: bool = True


def marks_on(
    prompts: Mapping[Plane, Prompts], order: Order, index: int, shape: Index
) -> tuple[PlaneMark, ...]:
    """Return the prompts on one slice as marks on its picture.

    Parameters
    ----------
    prompts : mapping of Plane to Prompts
        All there are.
    order : (int, int, int)
        Sliced axis, axis down the picture, axis across it; z runs upwards.
    index : int
        Of the slice.
    shape : (z, y, x)
        Of the image.
    """
    here = prompts.get(Plane(order[0], index))
    if here is None:
        return ()
    points = (PlaneMark((_spot(point.zyx, order, shape),), point.positive) for point in here.points)
    boxes = (
        PlaneMark(
            (
                _spot([v - 0.5 for v in box.low_zyx], order, shape),
                _spot([v + 0.5 for v in box.high_zyx], order, shape),
            )
        )
        for box in here.boxes
    )
    return (*boxes, *points)


def places_of(spots: Iterable[Spot], order: Order, index: int, shape: Index) -> list[Place]:
    """Return where spots on the picture of a slice are in the image, (z, y, x)."""
    _, down, across = order
    places: list[Place] = []
    for part_down, part_right in spots:
        at = [float(index)] * 3
        upright = 1 - part_down if down == 0 else part_down
        at[down] = upright * shape[down] - 0.5
        at[across] = part_right * shape[across] - 0.5
        places.append((at[0], at[1], at[2]))
    return places


def _spot(zyx: Sequence[float], order: Order, shape: Index) -> Spot:
    _, down, across = order
    from_top, from_left = ((zyx[axis] + 0.5) / shape[axis] for axis in (down, across))
    return (1 - from_top if down == 0 else from_top, from_left)
