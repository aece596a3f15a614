"""The boxes that are tried around points, for a network that knows boxes only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Embedding

#: square root of a box's area, as a part of the longer side of the image, and its width by height
_SIDES = np.array([20, 28, 40, 56, 80, 112, 160, 224], np.float32) / 256
_SHAPES = (1.0, 2.5, 0.4)


def boxes_around(
    embedding: Embedding, points_xy: NDArray[np.float32], positive: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Boxes, (m, 4), of several sizes and shapes in the patient's proportions.

    Each is centred on the positive points, holds them all, stays within the image, and is cut
    short of every negative point that it can be cut short of.
    """
    inside = points_xy[positive]
    low, high = inside.min(axis=0), inside.max(axis=0)
    # the longer side of the image, in pixels along x and along y
    longer = max(embedding.inside) / embedding.scale_xy
    sides = _SIDES[:, None] * np.sqrt(np.array(_SHAPES, np.float32))
    flipped = _SIDES[:, None] / np.sqrt(np.array(_SHAPES, np.float32))
    half = np.stack([sides.ravel(), flipped.ravel()], axis=1) * longer / 2
    pixel = 1 / embedding.scale_xy
    middle = (low + high) / 2
    low = np.minimum(middle - half, low - pixel)
    high = np.maximum(middle + half, high + pixel)
    rows, columns = embedding.size
    boxes = np.concatenate([np.maximum(low, 0), np.minimum(high, (columns, rows))], axis=1)
    for outside in points_xy[~positive]:
        boxes = np.stack([_cut_short(box, outside, inside) for box in boxes])
    return np.unique(boxes.round(3), axis=0).astype(np.float32)


def _cut_short(
    box: NDArray[np.float32], outside: NDArray[np.float32], inside: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Move the one side of a box that leaves a point out at the least cost; if none can, none."""
    left, top, right, bottom = box
    x, y = outside
    if not (left < x < right and top < y < bottom):
        return box
    ways = []
    if x < inside[:, 0].min():
        ways.append((x, top, right, bottom))
    if x > inside[:, 0].max():
        ways.append((left, top, x, bottom))
    if y < inside[:, 1].min():
        ways.append((left, y, right, bottom))
    if y > inside[:, 1].max():
        ways.append((left, top, right, y))
    if not ways:
        return box
    return np.array(max(ways, key=lambda way: (way[2] - way[0]) * (way[3] - way[1])), np.float32)
