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
    points: bool = False,
) -> Verdict:
    """Outline every object from one prompt and compare it with its mask, at the picture's own size.

    The boxes are those around the reference masks with each side moved by chance, and the same
    whenever the seed is; a point is the pixel farthest from the object's edge. So figures say how
    well a network answers good prompts, not whether it would find the objects by itself.

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
    points : bool
        Whether the prompt is a point instead of a box.
    """
    found = []
    for index, picture in enumerate(pictures):
        embedding = embed(index)
        if points:
            answers = [_at_point(engine, embedding, thing) for thing in picture.things]
        else:
            boxes = [
                jittered_box(picture, thing, jitter, draws(seed, "judged box", index, item))
                for item, thing in enumerate(picture.things)
            ]
            answers = list(engine.decode_boxes(embedding, np.stack(boxes)).logits)
        for logits, thing in zip(answers, picture.things, strict=True):
            found.append(_dice(engine.mask(embedding, logits), thing.laid_in(picture.size)))
    return Verdict(tuple(found))


def _at_point(engine: PromptEngine, embedding: Embedding, thing: Thing) -> NDArray[np.float32]:
    """Logits of the mask that the network expects to be the best at an object's deepest pixel."""
    point, inside = next_point(np.zeros_like(thing.mask), thing.mask)
    column_row = np.array(thing.corner[::-1], np.float32)
    decoded = engine.decode_points(embedding, (point + column_row)[None], np.array([inside]))
    best: NDArray[np.float32] = decoded.logits[int(decoded.scores.argmax())]
    return best


def _dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Dice of two masks, of which the second is not empty."""
    return 2 * int((mask & truth).sum()) / (int(mask.sum()) + int(truth.sum()))
