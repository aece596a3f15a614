"""Prompts on an embedded slice -> one mask, whatever the network was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_medssl.errors import PromptError
from napari_medssl.segment.candidates import NEAR, Earlier, Outline, find_around
from napari_medssl.segment.clicks import Clicks
from napari_medssl.segment.decoded_grid import DecodedGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Decoded, Embedding, PromptEngine
    from napari_medssl.segment.slices import SlicePrompts


@dataclass(frozen=True, eq=False)
class Outlined:
    """What prompts mark.

    Parameters
    ----------
    mask : (rows, columns) bool array
        Of the slice's own voxels.
    score : float
        How much overlap (IoU, 0..1) with the truth the network expects, of the worst part.
    readings : int
        How many different things the points may mean; 1 where that is clear.
    """

    mask: NDArray[np.bool_]
    score: float
    readings: int


def outline(
    engine: PromptEngine,
    embedding: Embedding,
    prompts: SlicePrompts,
    earlier: Earlier | None = None,
) -> Outlined:
    """Outline what the prompts mark.

    Every box is a part of the result, with the points in it; the positive points that lie in no
    box are one more part. No voxel with a negative point is ever in the result.

    Raises
    ------
    PromptError
        If nothing is found that holds the positive points, or nothing at all.
    """
    earlier = Earlier() if earlier is None else earlier
    parts = _parts(engine, embedding, prompts, earlier)
    mask = np.logical_or.reduce([engine.mask(embedding, part.logits) for part in parts])
    inside, outside = prompts.clicks.inside, prompts.clicks.outside
    mask = touched_up(mask, outside, inside, DecodedGrid(engine, embedding).scale_xy)
    for point in outside:
        mask = _less_the_thing_at(engine, embedding, mask, point, inside)
    mask = without(mask, outside, inside)
    if not mask.any():
        raise PromptError(
            "nothing was found where the marks are",
            do="Mark a larger box or another point, or choose another window",
        )
    score, readings = min(part.score for part in parts), max(part.readings for part in parts)
    return Outlined(mask, score, readings)


def touched_up(
    mask: NDArray[np.bool_],
    outside_xy: NDArray[np.float32],
    inside_xy: NDArray[np.float32],
    per_pixel_xy: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Take or add a disc where a point lies on the wrong side of a mask's border, but close to it.

    A decoder sees a slice in 256 pixels, and people see more. What is close, and round, is so in
    pixels of the decoder, of which a pixel of the mask has so many along x and y.
    """
    mended, sides = mask.copy(), per_pixel_xy[::-1].astype(float)
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    for points, wanted in ((inside_xy, True), (outside_xy, False)):
        for row, column in zip(*_pixels(points, mask.shape), strict=True):
            if mended[row, column] == wanted or not mended.any():
                continue
            to_border = ndimage.distance_transform_edt(mended != wanted, sides)[row, column]
            if to_border <= NEAR + sides.max():
                away = ((rows - row) * sides[0]) ** 2 + ((columns - column) * sides[1]) ** 2
                mended[away <= (to_border + sides.min() / 2) ** 2] = wanted
    return mended


def _less_the_thing_at(
    engine: PromptEngine,
    embedding: Embedding,
    mask: NDArray[np.bool_],
    outside: NDArray[np.float32],
    inside: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Take from a mask the thing that a negative point in it lies on, if that is but a part of it.

    This is for networks that know nothing of negative points.
    """
    if engine.card.takes_points or not mask[_pixels(outside[None], mask.shape)].any():
        return mask
    points = np.concatenate([outside[None], inside])
    clicks = Clicks.at(points, np.arange(len(points)) == 0, at_once=True)
    thing = find_around(engine, embedding, clicks)
    if thing is None:
        return mask
    less = mask & ~engine.mask(embedding, thing.logits)
    kept = less[_pixels(inside, mask.shape)] == mask[_pixels(inside, mask.shape)]
    return less if kept.all() and 2 * less.sum() > mask.sum() else mask


def without(
    mask: NDArray[np.bool_], outside_xy: NDArray[np.float32], inside_xy: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Take from a mask that holds a negative point whatever lies nearer to it than to others.

    The others are the positive points, and the place in the mask farthest from the negative ones.
    """
    outside = _pixels(outside_xy, mask.shape)
    if not mask[outside].any():
        return mask
    from_outside = _distance(outside, mask.shape)
    farthest = np.unravel_index(int(np.argmax(np.where(mask, from_outside, -1))), mask.shape)
    rows, columns = _pixels(inside_xy, mask.shape)
    kept = (np.append(rows, farthest[0]), np.append(columns, farthest[1]))
    nearer: NDArray[np.bool_] = _distance(kept, mask.shape) < from_outside
    return mask & nearer


def _parts(
    engine: PromptEngine, embedding: Embedding, prompts: SlicePrompts, earlier: Earlier
) -> list[Outline]:
    clicks = prompts.clicks
    alone = clicks.positive.copy()
    parts = []
    for box in prompts.boxes_xyxy:
        within = ((clicks.xy >= box[:2]) & (clicks.xy <= box[2:])).all(axis=1)
        alone &= ~within
        parts += _in_box(engine, embedding, box, clicks.where(within), earlier)
    if alone.any():
        parts += _at_points(engine, embedding, clicks.where(alone | ~clicks.positive), earlier)
    return parts


def _in_box(
    engine: PromptEngine,
    embedding: Embedding,
    box: NDArray[np.float32],
    clicks: Clicks,
    earlier: Earlier,
) -> list[Outline]:
    """Outline what a box holds; points in it are heeded as far as the network allows."""
    if len(clicks) and engine.card.takes_points:
        decoded = engine.decode_points(embedding, clicks.xy, clicks.positive, box)
    else:
        decoded = engine.decode_boxes(embedding, box[None])
    found = [_proposal(decoded)]
    if engine.card.takes_points or not clicks.positive.any():
        return found
    mask = engine.mask(embedding, found[0].logits)
    missed = clicks.positive & ~mask[_pixels(clicks.xy, mask.shape)]
    if missed.any():  # the box means something else than the point does, so both are wanted
        found += _at_points(engine, embedding, clicks.where(missed | ~clicks.positive), earlier)
    return found


def _at_points(
    engine: PromptEngine,
    embedding: Embedding,
    clicks: Clicks,
    earlier: Earlier,
) -> list[Outline]:
    """Outline what points mark: one thing if they lie in one, else one for each positive point."""
    if engine.card.takes_points:
        return [_proposed(engine, embedding, clicks)]
    found = find_around(engine, embedding, clicks, earlier)
    if found is not None:
        return [found]
    if clicks.positive.sum() == 1:
        raise PromptError(
            "nothing was found that holds the point", do="Move the point, or mark a box instead"
        )
    parts = []
    for one in np.flatnonzero(clicks.positive):
        of_these = ~clicks.positive
        of_these[one] = True
        parts += _at_points(engine, embedding, clicks.where(of_these), earlier)
    return parts


def _proposed(engine: PromptEngine, embedding: Embedding, clicks: Clicks) -> Outline:
    """Return what a network that knows points makes of them.

    If it was trained so, it is shown the outline that the last of them corrects.
    """
    before = None
    if engine.card.corrects and clicks.before.positive.any():
        before = _proposed(engine, embedding, clicks.before).logits > 0
    decoded = engine.decode_points(embedding, clicks.xy, clicks.positive, before=before)
    return _proposal(decoded, clicks.reading)


def _proposal(decoded: Decoded, reading: int = 0) -> Outline:
    """Return the network's surest mask, or the next one, ..."""
    count = len(decoded.scores)
    chosen = np.argsort(-decoded.scores, kind="stable")[reading % count]
    score = float(np.clip(decoded.scores[chosen], 0, 1))
    return Outline(decoded.logits[chosen], score, count)


def _pixels(
    places_xy: NDArray[np.float32], shape: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pixels that places (n, 2) lie in."""
    inside = np.clip(np.floor(places_xy).astype(np.intp), 0, (shape[1] - 1, shape[0] - 1))
    return inside[:, 1], inside[:, 0]


def _distance(
    pixels: tuple[NDArray[np.intp], NDArray[np.intp]], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Distance of every pixel to the nearest of some pixels."""
    elsewhere = np.ones(shape, bool)
    elsewhere[pixels] = False
    distance: NDArray[np.float64] = ndimage.distance_transform_edt(elsewhere)
    return distance
