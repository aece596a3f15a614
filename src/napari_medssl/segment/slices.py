"""A slice of a volume as the picture that a network is shown, and prompts on that picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import PromptError
from napari_medssl.segment.clicks import Clicks
from napari_medssl.volume.planes import AXIS_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.segment.prompts import Plane, Prompts
    from napari_medssl.volume import Volume, Window


@dataclass(frozen=True, eq=False)
class SlicePicture:
    """What a radiologist would see of one slice, in eight bits.

    Parameters
    ----------
    image : (rows, columns, 3) uint8 array
        Red, green, blue after the window; a pixel is a voxel.
    pixel_mm : (float, float)
        Height and width of a pixel: the network is shown the patient's proportions, not the
        array's.
    """

    image: NDArray[np.uint8]
    pixel_mm: tuple[float, float]


@dataclass(frozen=True, eq=False)
class SlicePrompts:
    """Prompts on a slice's picture: (x, y) in its pixels, measured from the outer corner.

    Parameters
    ----------
    clicks : Clicks
        The points.
    boxes_xyxy : (m, 4) float32 array
        Left, top, right, bottom edge; the middle of voxel (row 0, column 0) is (0.5, 0.5).
    """

    clicks: Clicks
    boxes_xyxy: NDArray[np.float32]


def picture_of(volume: Volume, plane: Plane, window: Window) -> SlicePicture:
    """Cut a slice and apply the window; a colour image keeps its colours.

    Raises
    ------
    PromptError
        If the plane cuts across the frames of a film, is but one voxel wide, or shows one value
        only.
    """
    if volume.frame_axis not in (None, plane.axis):
        raise PromptError(
            "a plane that cuts across the frames of a film", expected="a plane along the frames"
        )
    cut = plane.view(volume.array)
    grey = window.to_uint8(cut)
    image = np.stack([grey] * 3, -1) if grey.ndim == 2 else np.moveaxis(grey, 0, -1)
    name = AXIS_NAMES[plane.axis]
    if min(image.shape[:2]) < 2:
        raise PromptError(f"the {name} slice is one voxel wide", do="Choose another plane")
    if image.min() == image.max():
        raise PromptError(
            f"the {name} slice shows one value only, so there is nothing to outline",
            do="Choose another slice or another window",
        )
    a, b = plane.flat(volume.geometry.spacing_mm)
    return SlicePicture(np.ascontiguousarray(image), (a, b) if volume.spacing_known else (1.0, 1.0))


def prompts_on(plane: Plane, prompts: Prompts) -> SlicePrompts:
    """Bring prompts from a volume onto the picture of the slice they lie on."""
    places = [plane.flat(point.zyx) for point in prompts.points]
    corners = [(plane.flat(box.low_zyx), plane.flat(box.high_zyx)) for box in prompts.boxes]
    clicks = Clicks(
        np.array([(c + 0.5, r + 0.5) for r, c in places], np.float32).reshape(-1, 2),
        np.array([point.positive for point in prompts.points], bool),
        np.array([point.reading for point in prompts.points], np.intp),
        np.array([point.answered for point in prompts.points], bool),
    )
    return SlicePrompts(
        clicks,
        np.array(
            [(left, top, right + 1, low + 1) for (top, left), (low, right) in corners], np.float32
        ).reshape(-1, 4),
    )
