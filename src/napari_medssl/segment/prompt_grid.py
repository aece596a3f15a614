"""Places all over a slice at which a network is asked what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Embedding
    from napari_medssl.segment.everything_settings import EverythingSettings
    from napari_medssl.segment.slices import SlicePicture

#: part of the longer side that is looked at around a point to see whether anything is there: what
#: is larger and of one shade, as a lung in a window for soft tissue, is found from nearer its edge
_AROUND_POINT = 1 / 8


def box_prompts(
    picture: SlicePicture, embedding: Embedding, settings: EverythingSettings
) -> NDArray[np.float32]:
    """Boxes of all sizes, (n, 4), wherever a slice shows something."""
    every = [grid_boxes(embedding, side, settings.box_step) for side in settings.box_sides]
    boxes = np.concatenate(every)
    return boxes[show_something(picture, boxes, settings.flat)]


def point_prompts(
    picture: SlicePicture, embedding: Embedding, settings: EverythingSettings
) -> NDArray[np.float32]:
    """Points, (n, 2), wherever a slice shows something."""
    cells = grid_boxes(embedding, 1 / settings.points_per_side, 1.0)
    points = (cells[:, :2] + cells[:, 2:]) / 2
    around = _AROUND_POINT * longer_side(embedding) / 2
    boxes = np.concatenate([points - around, points + around], axis=1)
    return points[show_something(picture, boxes, settings.flat)].astype(np.float32)


def longer_side(embedding: Embedding) -> NDArray[np.float32]:
    """The longer side of an image (in mm) as pixels along x and along y."""
    return np.asarray(max(embedding.inside) / embedding.scale_xy, np.float32)


def grid_boxes(embedding: Embedding, side: float, step: float) -> NDArray[np.float32]:
    """Boxes of one size in the patient's proportions, spread evenly over an image: (n, 4).

    Parameters
    ----------
    embedding : Embedding
        Knows the image's size and proportions.
    side : float
        Of a box, as a part of the longer side of the image.
    step : float
        From one box to the next at most, as a part of its side.
    """
    extent = np.minimum(side * longer_side(embedding), embedding.size[::-1])
    counts = np.ceil((embedding.size[::-1] - extent) / (extent * step) - 0.05).astype(int) + 1
    left, top = (
        np.linspace(0, size - width, count)
        for size, width, count in zip(embedding.size[::-1], extent, counts, strict=True)
    )
    corners = np.stack(np.meshgrid(left, top), axis=-1).reshape(-1, 2)
    return np.concatenate([corners, corners + extent], axis=1).astype(np.float32)


def random_boxes(
    embedding: Embedding, count: int, sides: tuple[float, float], random: np.random.Generator
) -> NDArray[np.float32]:
    """Boxes of all sizes and shapes anywhere on an image: (n, 4).

    Parameters
    ----------
    embedding : Embedding
        Knows the image's size and proportions.
    count : int
        How many.
    sides : (float, float)
        Shortest and longest side, as parts of the longer side of the image. Small ones are as
        frequent as large ones: sides are drawn evenly on a logarithmic scale.
    random : numpy Generator
        Makes the draws.
    """
    shortest, longest = (float(np.log(side)) for side in sides)
    drawn = np.exp(random.uniform(shortest, longest, (count, 2)))
    extent = np.minimum(drawn * longer_side(embedding), embedding.size[::-1])
    corners = random.random((count, 2)) * (embedding.size[::-1] - extent)
    return np.concatenate([corners, corners + extent], axis=1).astype(np.float32)


def show_something(
    picture: SlicePicture, boxes: NDArray[np.float32], flat: float
) -> NDArray[np.bool_]:
    """Tell which boxes, (n, 4), are not one shade of grey."""
    grey = picture.image.mean(axis=-1)
    shown = np.zeros(len(boxes), bool)
    for index, (left, top, right, bottom) in enumerate(boxes):
        rows = slice(max(0, int(top)), int(np.ceil(bottom)))
        columns = slice(max(0, int(left)), int(np.ceil(right)))
        shown[index] = grey[rows, columns].std() >= flat
    return shown
