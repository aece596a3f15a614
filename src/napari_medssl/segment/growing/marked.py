"""Points and boxes on several slices of one plane, sorted by the slice they lie on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import PromptError
from napari_medssl.segment.prompts import Plane, Prompts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_medssl.segment.interactive import SliceResult
    from napari_medssl.volume import Volume


def by_slice(prompts: Prompts, volume: Volume, axis: int | None = None) -> dict[Plane, Prompts]:
    """Sort prompts by the slice they lie on, all of one plane.

    Parameters
    ----------
    prompts : Prompts
        Points and boxes anywhere in the volume.
    volume : Volume
        The image.
    axis : int, optional
        The array axis that the slices stand across; else the one that boxes are flat along, or
        the one the scanner stacked slices along.

    Raises
    ------
    PromptError
        If nothing is marked inside, something lies outside the image, or boxes lie in no common
        plane.
    """
    axis = prompts.axis(volume) if axis is None else axis
    sorted_: dict[Plane, Prompts] = {}
    for index in sorted({voxel[axis] for voxel in prompts.voxels}):
        here = Prompts(
            tuple(point for point in prompts.points if point.voxel[axis] == index),
            tuple(box for box in prompts.boxes if box.first[axis] == index),
        )
        if here.mark_something:
            here.plane(volume, axis)  # says what is wrong with them
        sorted_[Plane(axis, index)] = here
    if not any(here.mark_something for here in sorted_.values()):
        raise PromptError("nothing is marked inside", do="Mark a point inside, or a box")
    return sorted_


def given_masks(
    outlines: Mapping[Plane, SliceResult], prompts: Mapping[Plane, Prompts], volume: Volume
) -> dict[Plane, NDArray[np.bool_]]:
    """Return what growing begins with: outlines, and nothing where only points outside are.

    Parameters
    ----------
    outlines : mapping of Plane to SliceResult
        The answers to the prompts that mark something.
    prompts : mapping of Plane to Prompts
        All prompts; on a slice with points outside alone the object is not, and growing ends.
    volume : Volume
        The image.
    """
    given = {plane: result.mask for plane, result in outlines.items()}
    for plane, here in prompts.items():
        if not here.mark_something:
            given[plane] = np.zeros(plane.view(volume.array).shape[-2:], bool)
    return given
