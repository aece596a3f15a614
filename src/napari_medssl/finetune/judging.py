"""How well a promptable network outlines objects that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.finetune.prompts import jittered_box, next_point
from napari_medssl.models.draws import draws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_medssl.finetune.pictures import Picture, Thing
    from napari_medssl.models.promptable import Embedding, PromptEngine


@dataclass(frozen=True)
class Verdict:
    """Dice of every object of some pictures.

    Parameters
    ----------
    dice : tuple of float
        One for each object, 0 to 1.
    """

    dice: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over objects; nan of none."""
        return float(np.mean(self.dice)) if self.dice else float("nan")


def judge(
    engine: PromptEngine,
    pictures: Sequence[Picture],
    embed: Callable[[int], Embedding],
    *,
    jitter: float,
    seed: int,
    clicks: int = 0,
) -> Verdict:
    """Outline every object from prompts and compare it with its mask, at the picture's own size.

    The boxes are those around the reference masks with each side moved by chance, and the same
    whenever the seed is; points are the pixels farthest from the edge of what is wrong. So figures
    say how well a network answers good prompts, not whether it would find the objects by itself.

    Parameters
    ----------
    engine : PromptEngine
        As a user would prompt it.
    pictures : sequence of Picture
        With their objects.
    embed : callable
        Index of a picture -> its embedding.
    jitter, seed
        As `jittered_box` takes them.
    clicks : int
        Points instead of a box, as many: the mean Dice over 1, 2, ... of them counts. Of what is
        proposed for the first the best counts, as what a lone point means is open.
    """
    found = []
    for index, picture in enumerate(pictures):
        embedding = embed(index)
        if clicks:
            found += [_clicked(engine, embedding, picture, one, clicks) for one in picture.things]
        else:
            boxes = [
                jittered_box(picture, thing, jitter, draws(seed, "judged box", index, item))
                for item, thing in enumerate(picture.things)
            ]
            answers = engine.decode_boxes(embedding, np.stack(boxes)).logits
            found += [
                _dice(engine.mask(embedding, logits), thing.laid_in(picture.size))
                for logits, thing in zip(answers, picture.things, strict=True)
            ]
    return Verdict(tuple(found))


def _clicked(
    engine: PromptEngine, embedding: Embedding, picture: Picture, thing: Thing, clicks: int
) -> float:
    """Mean Dice after 1, 2, ... clicks into an object and beside it."""
    truth = thing.laid_in(picture.size)
    found = np.zeros_like(truth)
    points, inside, scores, best = [], [], [], None
    for _ in range(clicks):
        point, sign = next_point(found, truth)
        points.append(point)
        inside.append(sign)
        decoded = engine.decode_points(embedding, np.stack(points), np.array(inside), before=best)
        masks = [engine.mask(embedding, logits) for logits in decoded.logits]
        scores.append(max(_dice(mask, truth) for mask in masks))
        chosen = int(decoded.scores.argmax())
        found, best = masks[chosen], decoded.logits[chosen] > 0
    return float(np.mean(scores))


def _dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Dice of two masks, of which the second is not empty."""
    return 2 * int((mask & truth).sum()) / (int(mask.sum()) + int(truth.sum()))
