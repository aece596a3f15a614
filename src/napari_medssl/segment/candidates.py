"""What a point means to a network that was trained on boxes only.

A bare point gives such a network nothing to work with, so boxes of several sizes and shapes are
tried around it. How good the network expects its own mask to be (its score) is no sure guide among
so different boxes: it likes whatever fills half the image. So a mask must also agree with the
others, as what is really there is found from many boxes. And the best few masks are each boxed
tightly and decoded again, which settles on the object whatever box it began with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.segment.decoded_grid import DecodedGrid, overlaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Embedding, PromptEngine

#: square root of a box's area, as a part of the longer side of the image, and its width by height
_SIDES = np.array([20, 28, 40, 56, 80, 112, 160, 224], np.float32) / 256
_SHAPES = (1.0, 2.5, 0.4)
#: how many masks are boxed again, how different they must be (IoU), and how often it is done
_FEW, _ALIKE, _ROUNDS = 4, 0.8, 2


@dataclass(frozen=True, eq=False)
class Outline:
    """One thing that was found.

    Parameters
    ----------
    logits : (256, 256) float32 array
        As `Decoded` has them.
    score : float
        How much overlap (IoU, 0..1) with the truth the network expects.
    """

    logits: NDArray[np.float32]
    score: float


def find_around(
    engine: PromptEngine,
    embedding: Embedding,
    points_xy: NDArray[np.float32],
    positive: NDArray[np.bool_],
) -> Outline | None:
    """Find the thing that holds all positive points and no negative ones.

    Parameters
    ----------
    engine, embedding
        The network, and what it made of the image.
    points_xy : (n, 2) float32 array
        Places in pixels of the image; see `napari_medssl.models.promptable`.
    positive : (n,) bool array
        Which of them are inside; at least one.

    Returns
    -------
    Outline or None
        None if no mask holds all positive points; one that holds a negative point is only
        returned if all do.
    """
    boxes = boxes_around(embedding, points_xy, positive)
    decoded = engine.decode_boxes(embedding, boxes)
    if engine.card.clicks:
        decoded = decoded.and_also(engine.decode_points(embedding, points_xy, positive))
    seen = _Seen(engine, embedding, points_xy, positive)
    masks, scores = seen.grid.masks(decoded.logits), np.clip(decoded.scores, 0, 1)
    fit = seen.fit_all if seen.fit_all(masks).any() else seen.hold
    if not fit(masks).any():
        return None
    voters = masks[fit(masks)]
    rank = np.where(fit(masks), scores * np.sqrt(_agreement(masks, voters)), -1)
    few = _best_different(masks, rank)
    first = Outline(decoded.logits[few[0]], float(scores[few[0]]))
    logits = [decoded.logits[few]]
    for _ in range(_ROUNDS):
        decoded = engine.decode_boxes(embedding, seen.grid.tight_boxes(seen.grid.masks(logits[-1])))
        logits.append(decoded.logits)
    settled: NDArray[np.float32] = np.stack(logits).mean(axis=0)
    masks, scores = seen.grid.masks(settled), np.clip(decoded.scores, 0, 1)
    if not fit(masks).any():
        return first  # settling drifted away from the points
    rank = np.where(fit(masks), scores**3 * np.sqrt(_agreement(masks, voters)), -1)
    best = int(np.argmax(rank))
    return Outline(settled[best], float(scores[best]))


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


@dataclass(frozen=True, eq=False)
class _Seen:
    """The points on the grid of decoded masks, and what masks make of them."""

    engine: PromptEngine
    embedding: Embedding
    points_xy: NDArray[np.float32]
    positive: NDArray[np.bool_]

    @property
    def grid(self) -> DecodedGrid:
        """Where decoded masks are seen."""
        return DecodedGrid(self.engine, self.embedding)

    def hold(self, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which masks hold all positive points."""
        return np.asarray(self._held(masks)[:, self.positive].all(axis=1))

    def fit_all(self, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which masks hold all positive points and no negative ones."""
        held = self._held(masks)[:, ~self.positive].any(axis=1)
        return np.asarray(self.hold(masks) & ~held)

    def _held(self, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of n masks hold which of m points, (n, m)."""
        last = np.array(masks.shape[:0:-1]) - 1
        x, y = np.clip(self.points_xy * self.grid.scale_xy, 0, last).astype(int).T
        return np.asarray(masks[:, y, x])


def _agreement(masks: NDArray[np.bool_], voters: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Mean overlap (IoU) of each mask with the voters."""
    agreement: NDArray[np.float32] = overlaps(masks, voters).mean(axis=1)
    return agreement


def _best_different(masks: NDArray[np.bool_], rank: NDArray[np.float32]) -> list[int]:
    """Indices of the few best masks that differ from one another; the best first."""
    alike = overlaps(masks, masks) > _ALIKE
    few: list[int] = []
    for index in np.argsort(-rank, kind="stable").tolist():
        if rank[index] >= 0 and not alike[index, few].any():
            few.append(index)
    return few[:_FEW]
