"""One step from slice to slice: where the object is, given where it should be about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_medssl.segment.decoded_grid import DecodedGrid
from napari_medssl.segment.growing.shapes import around, touching

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Embedding, PromptEngine
    from napari_medssl.segment.growing.looks import Look
    from napari_medssl.segment.growing.rules import GrowRules
    from napari_medssl.segment.growing.shapes import Cut
    from napari_medssl.segment.slices import SlicePicture

#: the most that the shape next door speaks for a pixel, and against it
_MOST_FOR, _MOST_AGAINST = 2.0, 6.0
#: logits are cut off here: beyond it a network is as sure as can be
_SURE = 6.0
#: pixels of the network's square by which a box around the shape next door is widened
_BOX_MARGIN = 2.0
_LEAST_PART_OF_BOX = 0.02


@dataclass(frozen=True, eq=False)
class Found:
    """What was found on one slice.

    Parameters
    ----------
    mask : (rows, columns) bool array
        It may be empty.
    score : float
        How sure it is, 0 to 1: the mean of the shares of what speaks for each pixel.
    likeness : float
        How much it looks like the object; see `Look.likeness`.
    """

    mask: NDArray[np.bool_]
    score: float
    likeness: float


def find_near(
    picture: SlicePicture,
    embed: Callable[[], Embedding],
    engine: PromptEngine,
    depth: NDArray[np.float32],
    look: Look,
    reach_mm: float,
    rules: GrowRules,
) -> Found:
    """Find an object on a slice near a shape that is known from next door.

    Parameters
    ----------
    picture : SlicePicture
        The slice.
    embed : callable
        Returns what the network made of it; called only if the network has a say.
    engine : PromptEngine
        The network.
    depth : (rows, columns) float32 array
        How deep in the shape next door each pixel lies, in mm; above 0 somewhere.
    look : Look
        What the object looks like.
    reach_mm : float
        How far an edge may well have moved.
    rules : GrowRules
        What counts how much.
    """
    shape = depth > 0
    cut = around(shape, _MOST_AGAINST * reach_mm, picture.pixel_mm)
    greys = look.evidence(grey_of(picture)[cut])
    evidence = np.clip(depth[cut] / reach_mm, -_MOST_AGAINST, _MOST_FOR) + rules.greys * greys
    if rules.network:
        evidence += rules.network * _network(engine, embed(), shape, cut)
    here = touching(evidence > 0, shape[cut])
    mask = np.zeros(shape.shape, bool)
    mask[cut] = here
    if not here.any():
        return Found(mask, 0.0, 0.0)
    sure = 1 / (1 + np.exp(-evidence[here]))
    return Found(mask, float(sure.mean()), float(np.tanh(greys[here]).mean()))


def grey_of(picture: SlicePicture) -> NDArray[np.uint8]:
    """Return a picture without its colours, (rows, columns)."""
    red, green, blue = (picture.image[..., n].astype(np.uint16) for n in range(3))
    return ((red + green + blue) // 3).astype(np.uint8)


def _network(
    engine: PromptEngine, embedding: Embedding, shape: NDArray[np.bool_], cut: Cut
) -> NDArray[np.float32]:
    """Return half the network's logits, -3 to 3, in a cut of the slice: the best of all parts."""
    boxes = _boxes(shape, _BOX_MARGIN / embedding.scale_xy)
    if engine.card.takes_points:
        deepest = [_deepest(shape, box) for box in boxes]
        yes = np.ones(1, bool)
        decoded = [
            engine.decode_points(embedding, point[None], yes, box)
            for point, box in zip(deepest, boxes, strict=True)
        ]
        logits = np.stack([one.logits[int(np.argmax(one.scores))] for one in decoded])
    else:
        logits = engine.decode_boxes(embedding, boxes).logits
    grid = DecodedGrid(engine, embedding)
    within = np.clip(grid.within(logits).max(axis=0), -_SURE, _SURE) / 2
    ys, xs = (
        (np.arange(part.start, part.stop) + 0.5) * scale - 0.5
        for part, scale in zip(cut, grid.scale_xy[::-1], strict=True)
    )
    places = np.stack(np.meshgrid(ys, xs, indexing="ij"))
    on_slice: NDArray[np.float32] = ndimage.map_coordinates(within, places, order=1, mode="nearest")
    return on_slice


def _boxes(shape: NDArray[np.bool_], margin_xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes, (n, 4), around the parts of a shape but for specks."""
    parts, _ = ndimage.label(shape)
    sizes = np.bincount(parts.ravel())[1:]
    rows, columns = shape.shape
    boxes = []
    for place, size in zip(ndimage.find_objects(parts), sizes, strict=True):
        if size >= _LEAST_PART_OF_BOX * sizes.sum():
            y, x = place
            boxes.append((x.start, y.start, x.stop, y.stop))
    wider = np.array(boxes, np.float32) + np.concatenate([-margin_xy, margin_xy])
    cut: NDArray[np.float32] = np.clip(wider, 0, (columns, rows, columns, rows))
    return cut.astype(np.float32)


def _deepest(shape: NDArray[np.bool_], box: NDArray[np.float32]) -> NDArray[np.float32]:
    """The place (x, y) in a box that is farthest from the edge of a shape."""
    left, top, right, bottom = box.astype(int)
    depth = ndimage.distance_transform_edt(np.pad(shape[top : bottom + 1, left : right + 1], 1))
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return np.array([left + column - 0.5, top + row - 0.5], np.float32)
