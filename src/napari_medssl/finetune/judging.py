"""How well a promptable network outlines objects that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.finetune.prompts import jittered_box
from napari_medssl.models.draws import draws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_medssl.finetune.pictures import Picture
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
) -> Verdict:
    """Outline every object from a box and compare it with its mask, at the picture's own size.

    The boxes are those around the reference masks with each side moved by chance, and the same
    whenever the seed is: figures say how well a network answers good boxes, not whether it would
    find the objects by itself.

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
    """
    found = []
    for index, picture in enumerate(pictures):
        embedding = embed(index)
        boxes = [
            jittered_box(picture, thing, jitter, draws(seed, "judged box", index, item))
            for item, thing in enumerate(picture.things)
        ]
        decoded = engine.decode_boxes(embedding, np.stack(boxes))
        for logits, thing in zip(decoded.logits, picture.things, strict=True):
            found.append(_dice(engine.mask(embedding, logits), thing.laid_in(picture.size)))
    return Verdict(tuple(found))


def _dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Dice of two masks, of which the second is not empty."""
    return 2 * int((mask & truth).sum()) / (int(mask.sum()) + int(truth.sum()))
