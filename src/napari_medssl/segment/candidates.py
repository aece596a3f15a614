"""What points mean to a network that was trained on boxes only.

A bare point gives such a network nothing to work with, so boxes of several sizes and shapes are
tried around it. How good the network expects its own mask to be (its score) is no sure guide among
so different boxes: it likes whatever fills half the image. So a mask must also agree with the
others, as what is really there is found from many boxes; and with what weights for points propose,
where there are some. The best few masks are each boxed tightly and decoded again, which settles on
the object whatever box it began with.

A further point corrects the outline before it, and people click into the middle of what is wrong:
so a mask that differs from that outline most where nobody clicked was not meant. Weights for points
that were trained so are shown that outline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_medssl.models.promptable import DECODED_SIDE, Decoded
from napari_medssl.segment.decoded_grid import DecodedGrid, overlaps
from napari_medssl.segment.tried_boxes import boxes_around

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Embedding, PromptEngine
    from napari_medssl.segment.clicks import Clicks

#: how many masks are boxed again, how different they must be (IoU), and how often it is done
_FEW, _ALIKE, _ROUNDS = 4, 0.8, 2
#: so many points leave little open: weights for points are taken at their word, and with them what
#: the box around their mask holds if that overlaps (IoU) so much
_CLEAR, _SAME = 3, 0.7
#: how much the overlap with the proposals of weights for points counts beside that with the masks
#: of boxes: for a lone point, which they know little of, and for several
_TOLD_ALONE, _TOLD = 0.3, 0.6
#: what weights for points propose has frayed borders and holes of a pixel, of the 256 that a slice
#: is decoded on, until it is smoothed by so many
_BLUR = 1.0
#: powers of the network's own score, and of a click's place
_AT_LAST, _PLACE = 4, 0.5
_LEAST_PLACE, _LITTLE = 0.02, 1e-3
#: a mask that misses points by a few pixels, of the 256 a slice is decoded on, counts less for it;
#: what misses one by more than so many is none
_MISSED, NEAR = 4.0, 8.0


@dataclass(frozen=True, eq=False)
class Outline:
    """One thing that was found.

    Parameters
    ----------
    logits : (256, 256) float32 array
        As `Decoded` has them.
    score : float
        How much overlap (IoU, 0..1) with the truth the network expects.
    readings : int
        How many different things the same points may mean, this one among them.
    """

    logits: NDArray[np.float32]
    score: float
    readings: int = 1


def find_around(
    engine: PromptEngine,
    embedding: Embedding,
    clicks: Clicks,
    earlier: Earlier | None = None,
) -> Outline | None:
    """Find the thing that holds all positive points and no negative ones.

    Parameters
    ----------
    engine, embedding
        The network, and what it made of the image.
    clicks : Clicks
        At least one of them inside. Which of several things that they may mean is returned is the
        reading of the last; after the last comes the first again.
    earlier : Earlier, optional
        What was found on this image before; is told what is found now.

    Returns
    -------
    Outline or None
        None if no mask holds all positive points, or comes near to it where there are several; the
        likeliest holds a negative point only if all do.
    """
    earlier = Earlier() if earlier is None else earlier
    one = _Search(engine, embedding, clicks)
    found = earlier.ask(clicks, lambda: one.run(earlier))
    if not found:
        return None
    return replace(found[clicks.reading % len(found)], readings=len(found))


class Earlier:
    """What was found for points on one image: a further point asks what those before it gave."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, ...], list[Outline]] = {}

    def ask(self, clicks: Clicks, find: Callable[[], list[Outline]]) -> list[Outline]:
        """Return what was found for points; what ``find`` returns if they are new."""
        if clicks.question not in self._known:
            self._known[clicks.question] = find()
        return self._known[clicks.question]


@dataclass(frozen=True, eq=False)
class _Search:
    """A search for what points mean; as `find_around`."""

    engine: PromptEngine
    embedding: Embedding
    clicks: Clicks

    def run(self, earlier: Earlier) -> list[Outline]:
        """Try boxes, settle on the best few and what points alone propose; the likeliest first."""
        if self.engine.card.clicks and len(self.clicks) >= _CLEAR:
            clear = self._as_told(earlier)
            if clear is not None:
                return [clear]
        boxes = boxes_around(self.embedding, self.clicks.xy, self.clicks.positive)
        boxed = self.engine.decode_boxes(self.embedding, boxes)
        masks, scores = self._grid.masks(boxed.logits), np.clip(boxed.scores, 0, 1)
        fit = self._fit(masks)
        voters = masks[fit]
        among = np.where(fit, scores * np.sqrt(_agreement(masks, voters)), -1)
        few = _best_different(masks, among)
        begun, told = boxed.logits[few], self._told(earlier)
        settled = self._settled(np.concatenate([begun, told.logits]))
        if len(self.clicks) > 1:  # what settling has spoilt may be right as it was told
            settled = settled.and_also(Decoded(told.logits, settled.scores[len(few) :]))
        found, last = self._grid.masks(settled.logits), np.clip(settled.scores, 0, 1)
        missed = self._missed(found)
        most = NEAR if len(self.clicks) > 1 else 0
        near = (missed <= most).all(axis=1)
        if not near.any():  # settling drifted away from the points
            return [Outline(begun[n], float(scores[index])) for n, index in enumerate(few)]
        rank = _agreement(found, voters, scores[fit])
        if len(told.scores):
            proposed = self._grid.masks(told.logits)
            part = _TOLD_ALONE if len(self.clicks) == 1 else _TOLD
            rank = (1 - part) * rank + part * _agreement(found, proposed, told.scores)
        rank *= last**_AT_LAST * self._places(found, earlier)
        rank *= np.exp(-missed.sum(axis=1) / _MISSED)
        order = _best_different(found, np.where(near, rank, -1).astype(np.float32))
        return [Outline(settled.logits[index], float(last[index])) for index in order]

    def _as_told(self, earlier: Earlier) -> Outline | None:
        """Return what weights for points make of several; None if that misses one by far.

        Where the box around it holds much the same, the mean of both is taken: the border of a
        mask from a box is the better one.
        """
        told = self._told(earlier)
        logits = told.logits[[int(np.argmax(told.scores))]]
        boxes = self._grid.tight_boxes(self._grid.masks(logits))
        boxed = self.engine.decode_boxes(self.embedding, boxes).logits
        same = overlaps(self._grid.masks(logits), self._grid.masks(boxed)).item() >= _SAME
        mean: NDArray[np.float32] = ((logits + boxed) / 2).astype(np.float32)
        for way in (mean, logits) if same else (logits,):
            if (self._missed(self._grid.masks(way)) <= NEAR).all():
                return Outline(way[0], float(np.clip(told.scores.max(), 0, 1)))
        return None

    @property
    def _grid(self) -> DecodedGrid:
        """Where decoded masks are seen."""
        return DecodedGrid(self.engine, self.embedding)

    def _told(self, earlier: Earlier) -> Decoded:
        """What weights for points propose; nothing without such."""
        if not self.engine.card.clicks:
            return Decoded(
                np.zeros((0, DECODED_SIDE, DECODED_SIDE), np.float32), np.zeros(0, np.float32)
            )
        shown = self._before(earlier) if self.engine.card.corrects else None
        before = None if shown is None else shown.logits > 0
        clicks = self.clicks
        told = self.engine.decode_points(self.embedding, clicks.xy, clicks.positive, before=before)
        return replace(told, logits=ndimage.gaussian_filter(told.logits, (0, _BLUR, _BLUR)))

    def _before(self, earlier: Earlier) -> Outline | None:
        """What was found before the last point; None if there was nothing to find."""
        if not self.clicks.before.positive.any():
            return None
        return find_around(self.engine, self.embedding, self.clicks.before, earlier)

    def _settled(self, logits: NDArray[np.float32]) -> Decoded:
        """Box masks tightly and decode them again; return the means, with the last scores."""
        steps, scores = [logits], np.zeros(len(logits), np.float32)
        for _ in range(_ROUNDS if len(logits) else 0):
            boxes = self._grid.tight_boxes(self._grid.masks(steps[-1]))
            decoded = self.engine.decode_boxes(self.embedding, boxes)
            steps.append(decoded.logits)
            scores = decoded.scores
        return Decoded(np.stack(steps).mean(axis=0), scores)

    def _places(self, masks: NDArray[np.bool_], earlier: Earlier) -> NDArray[np.float32]:
        """How well each mask explains the place of the last click, 0..1; 1 for the first click."""
        before = self._before(earlier)
        if before is None:
            return np.ones(len(masks), np.float32)
        shown = self._grid.masks(before.logits[None])[0]
        row, column = self._pixels(masks.shape[1:])[-1]
        depths = [_depth(mask ^ shown) for mask in masks]
        parts = [depth[row, column] / max(float(depth.max()), 1.0) for depth in depths]
        return np.maximum(parts, _LEAST_PLACE).astype(np.float32) ** _PLACE

    def _missed(self, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        """How far each mask, of n, would have to move for each point to be right, (n, points)."""
        rows, columns = self._pixels(masks.shape[1:]).T
        positive = self.clicks.positive
        wrong = np.where(positive, ~masks[:, rows, columns], masks[:, rows, columns])
        missed = np.zeros(wrong.shape)
        for number in np.flatnonzero(wrong.any(axis=1)):
            inside, outside = _depth(masks[number]), _distance_to(masks[number])
            missed[number] = np.where(positive, outside[rows, columns], inside[rows, columns])
        return missed

    def _fit(self, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which hold all positive points and no negative ones, or if none: the former."""
        rows, columns = self._pixels(masks.shape[1:]).T
        held = masks[:, rows, columns]
        hold = np.asarray(held[:, self.clicks.positive].all(axis=1))
        clean = hold & ~held[:, ~self.clicks.positive].any(axis=1)
        return clean if clean.any() else hold

    def _pixels(self, shape: tuple[int, ...]) -> NDArray[np.intp]:
        """Return row and column of the points on the grid, (n, 2)."""
        places = np.clip(self.clicks.xy * self._grid.scale_xy, 0, np.array(shape[::-1]) - 1)
        return np.asarray(places.astype(np.intp)[:, ::-1])


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of every pixel of a mask to the nearest that is not in it, or to the border."""
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return depth


def _distance_to(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of every pixel to the nearest of a mask; infinite where it is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    distance: NDArray[np.float64] = ndimage.distance_transform_edt(~mask)
    return distance


def _agreement(
    masks: NDArray[np.bool_], voters: NDArray[np.bool_], weights: NDArray[Any] | None = None
) -> NDArray[np.float32]:
    """Mean overlap (IoU) of each mask with the voters, of which some may count more."""
    if not len(voters):
        return np.ones(len(masks), np.float32)
    weights = None if weights is None else np.maximum(weights, _LITTLE)
    return np.average(overlaps(masks, voters), axis=1, weights=weights).astype(np.float32)


def _best_different(masks: NDArray[np.bool_], rank: NDArray[np.float32]) -> list[int]:
    """Indices of the few best masks that differ from one another; the best first."""
    alike = overlaps(masks, masks) > _ALIKE
    few: list[int] = []
    for index in np.argsort(-rank, kind="stable").tolist():
        if rank[index] >= 0 and not alike[index, few].any():
            few.append(index)
    return few[:_FEW]
