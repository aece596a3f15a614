"""Everything on a slice that a promptable network takes for a thing of its own.

A network that knows points is asked at every place of a grid. One that was trained on boxes makes
nothing of a bare point, so it is given boxes of several sizes instead; a thing that is really there
is found again from the box around what was found, and what is not drifts away, so each mask is
boxed tightly, decoded again, and kept if it stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.models.promptable import DECODED_SIDE
from napari_medssl.segment.decoded_grid import DecodedGrid, overlaps
from napari_medssl.segment.prompt_grid import box_prompts, point_prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Decoded, Embedding, PromptEngine
    from napari_medssl.segment.everything_settings import EverythingSettings
    from napari_medssl.segment.slices import SlicePicture

    Stop = Callable[[], bool]

#: prompts between two questions whether to stop
_AT_ONCE = 16
#: how often a mask is boxed tightly and decoded again until it stays
_ROUNDS = 2
#: masks are compared at every second pixel of the decoder's grid
_COARSE = (slice(None), slice(None, None, 2), slice(None, None, 2))


@dataclass(frozen=True, eq=False)
class Proposal:
    """One thing that was found on a slice.

    Parameters
    ----------
    corner : (int, int)
        Row and column of the first pixel of the box around it.
    mask : (rows, columns) bool array
        The thing within that box.
    score, stability : float
        As `EverythingSettings` has them, 0..1.
    """

    corner: tuple[int, int]
    mask: NDArray[np.bool_]
    score: float
    stability: float


def propose(
    engine: PromptEngine,
    picture: SlicePicture,
    embedding: Embedding,
    settings: EverythingSettings,
    stop: Stop = lambda: False,
    boxes: NDArray[np.float32] | None = None,
) -> list[Proposal]:
    """Find the things on a slice, the surest first; they may lie in one another.

    Parameters
    ----------
    engine, embedding
        The network, and what it made of the picture.
    picture : SlicePicture
        The slice.
    settings : EverythingSettings
        What counts as a thing.
    stop : callable
        Asked between prompts; what was found by then is returned.
    boxes : (n, 4) float32 array, optional
        Where a network that was trained on boxes begins to look, instead of all over the slice.
    """
    grid = DecodedGrid(engine, embedding)
    if engine.card.takes_points:
        found = _at_points(grid, point_prompts(picture, embedding, settings), settings, stop)
    else:
        boxes = box_prompts(picture, embedding, settings) if boxes is None else boxes
        found = _at_boxes(grid, boxes, settings, stop)
        found = _settled(grid, found, settings, stop)
    proposals = []
    for index in _best_different(found, found.scores, settings.most_alike):
        mask = engine.mask(embedding, found.logits[index])
        large_enough = mask.sum() * math.prod(picture.pixel_mm) >= settings.least_area_mm2
        if mask.any() and large_enough and mask.mean() <= settings.most_of_slice:
            corner, cut = cropped(mask)
            score, stability = float(found.scores[index]), float(found.stability[index])
            proposals.append(Proposal(corner, cut, min(score, 1.0), stability))
    return proposals


def cropped(mask: NDArray[np.bool_]) -> tuple[tuple[int, int], NDArray[np.bool_]]:
    """Cut a mask that is not empty to the box around it; return the box's first pixel as well."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    return (int(rows[0]), int(columns[0])), cut


@dataclass(frozen=True, eq=False)
class _Masks:
    """Masks on the decoder's grid: logits (n, 256, 256), masks (n, rows, columns), numbers (n,)."""

    logits: NDArray[np.float32]
    masks: NDArray[np.bool_]
    scores: NDArray[np.float32]
    stability: NDArray[np.float32]

    def where(self, wanted: NDArray[np.bool_] | NDArray[np.intp]) -> _Masks:
        return _Masks(*(getattr(self, field.name)[wanted] for field in fields(self)))


def _at_points(
    grid: DecodedGrid, points: NDArray[np.float32], settings: EverythingSettings, stop: Stop
) -> _Masks:
    """Masks around points that are sure and stable."""
    found = []
    for some in _portions(points, stop):
        masks = _seen(grid, grid.engine.decode_each_point(grid.embedding, some), settings)
        found.append(masks.where(_sure(masks, settings)))
    return _joined(grid, found)


def _at_boxes(
    grid: DecodedGrid, boxes: NDArray[np.float32], settings: EverythingSettings, stop: Stop
) -> _Masks:
    """Masks in boxes, of which few fit what is in them: not sure yet."""
    found = []
    for some in _portions(boxes, stop):
        masks = _seen(grid, grid.engine.decode_boxes(grid.embedding, some), settings)
        found.append(masks.where(masks.scores >= settings.least_first_score))
    return _joined(grid, found)


def _settled(grid: DecodedGrid, found: _Masks, settings: EverythingSettings, stop: Stop) -> _Masks:
    """Masks that stay, sure and stable, when they are boxed again and decoded again.

    What many boxes agree on is tried first. A mask that moves may have moved to a thing, and is
    tried once more from there.
    """
    coarse = found.masks[_COARSE]
    votes = (overlaps(coarse, coarse) > settings.most_alike).sum(axis=1)
    order = _best_different(found, found.scores * np.sqrt(votes), settings.most_alike)
    before = found.where(order[: settings.most_settled])
    settled = []
    for _ in range(_ROUNDS):
        again = [
            _seen(grid, grid.engine.decode_boxes(grid.embedding, some), settings)
            for some in _portions(_boxes_around(grid, before.masks, settings.looser), stop)
        ]
        after = _joined(grid, again)
        pairs = zip(before.masks, after.masks, strict=False)  # fewer after, if it was stopped
        alike = [overlaps(one[None], other[None])[0, 0] for one, other in pairs]
        stays = np.array(alike, np.float32) >= settings.least_settled
        sure = _sure(after, settings)
        settled.append(after.where(stays & sure))
        before = after.where(~stays & sure)
    return _joined(grid, settled)


def _boxes_around(
    grid: DecodedGrid, masks: NDArray[np.bool_], looser: float
) -> NDArray[np.float32]:
    """Boxes around masks, (n, 4), each side moved out by a part of its length, on the image."""
    boxes = grid.tight_boxes(masks)
    out = looser * (boxes[:, 2:] - boxes[:, :2])
    low = np.maximum(boxes[:, :2] - out, 0)
    high = np.minimum(boxes[:, 2:] + out, grid.embedding.size[::-1])
    return np.concatenate([low, high], axis=1).astype(np.float32)


def _portions(prompts: NDArray[np.float32], stop: Stop) -> Iterator[NDArray[np.float32]]:
    """Some prompts at a time, until it is time to stop."""
    for start in range(0, len(prompts), _AT_ONCE):
        if stop():
            return
        yield prompts[start : start + _AT_ONCE]


def _seen(grid: DecodedGrid, decoded: Decoded, settings: EverythingSettings) -> _Masks:
    """Decoded masks, and how little they change when their border is moved."""
    within, offset = grid.within(decoded.logits), settings.stability_offset
    tight, loose = ((within > by).sum(axis=(1, 2)) for by in (offset, -offset))
    stability = (tight / np.maximum(loose, 1)).astype(np.float32)
    return _Masks(decoded.logits, within > 0, decoded.scores, stability)


def _sure(found: _Masks, settings: EverythingSettings) -> NDArray[np.bool_]:
    sure = found.scores >= settings.least_score
    return sure & (found.stability >= settings.least_stability) & found.masks.any(axis=(1, 2))


def _joined(grid: DecodedGrid, parts: Sequence[_Masks]) -> _Masks:
    logits = np.zeros((0, DECODED_SIDE, DECODED_SIDE), np.float32)
    none = _Masks(logits, grid.masks(logits), *(np.zeros(0, np.float32),) * 2)
    names = [field.name for field in fields(_Masks)]
    return _Masks(*(np.concatenate([getattr(p, name) for p in (none, *parts)]) for name in names))


def _best_different(found: _Masks, rank: NDArray[Any], most_alike: float) -> NDArray[np.intp]:
    """Indices of masks that differ from all that rank higher; the best first."""
    coarse = found.masks[_COARSE]
    alike = overlaps(coarse, coarse) > most_alike
    kept: list[int] = []
    for index in np.argsort(-rank, kind="stable").tolist():
        if not alike[index, kept].any():
            kept.append(index)
    return np.array(kept, np.intp)
