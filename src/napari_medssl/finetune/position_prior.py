"""Masks told from the place in the image alone: what a first model must do better than.

It does not look at the image it is asked about. So a network that learned nothing but where organs
usually lie, as one from shuffled masks does, is not better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    #: a label map, and where it counts (None: everywhere)
    Seen = tuple[NDArray[Any], NDArray[np.bool_] | None]

_SIDE = 48  # steps of the relative grid along each axis
_PARTS = np.linspace(0.05, 0.95, 19)


@dataclass(frozen=True, eq=False)
class PositionPrior:
    """How often each label lies at a place, relative to the sides of the image.

    Parameters
    ----------
    values : tuple of int
        Labels.
    often : (labels, side, side, side) float32 array
        Part of the training masks that have the label there, 0 to 1.
    enough : (labels,) array
        How often a label must lie at a place to be expected there: what gives the highest mean
        Dice on the training masks themselves.
    """

    values: tuple[int, ...]
    often: NDArray[np.float32]
    enough: NDArray[np.float64]

    def expected(self, shape: tuple[int, int, int]) -> NDArray[Any]:
        """Return the label map that is expected on an image of a shape, (z, y, x)."""
        surplus = self.often / self.enough[:, None, None, None]
        best = surplus.argmax(axis=0)
        kind = np.min_scalar_type(max(self.values))
        labels = np.where(surplus.max(axis=0) >= 1, np.array(self.values, kind)[best], 0)
        return _on_grid(labels.astype(kind), shape)


def position_prior(masks: Iterable[Seen], values: Sequence[int]) -> PositionPrior:
    """Learn where labels usually lie.

    Parameters
    ----------
    masks : iterable of (labels, looked_at)
        (z, y, x) label maps, and where they count; None where everywhere.
    values : sequence of int
        Labels to learn of.

    Raises
    ------
    UsageError
        If there is no mask, or no label.
    """
    small = [on_relative_grid(labels, seen) for labels, seen in masks]
    if not small or not values:
        raise UsageError("no mask to learn places from", expected="at least one with a label")
    looked = np.sum([seen for _, seen in small], axis=0)
    often = np.stack(
        [np.sum([(labels == v) & seen for labels, seen in small], axis=0) for v in values]
    ) / np.maximum(looked, 1)
    enough = [
        _best_part(part, [(m == v, seen) for m, seen in small])
        for v, part in zip(values, often, strict=True)
    ]
    return PositionPrior(tuple(values), often.astype(np.float32), np.array(enough))


def on_relative_grid(
    labels: NDArray[Any], looked_at: NDArray[np.bool_] | None
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return a mask at places relative to the sides of its image; `position_prior` takes it too."""
    side = (_SIDE,) * 3
    seen = np.ones(side, bool) if looked_at is None else _on_grid(looked_at, side)
    return _on_grid(labels, side), seen


def _best_part(
    often: NDArray[np.float64], masks: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]
) -> float:
    """Return how often is enough, for the highest mean Dice over masks."""
    scores = []
    for part in _PARTS:
        found = often >= part
        dice = [
            2 * (found & mask & seen).sum() / max(1, (found & seen).sum() + (mask & seen).sum())
            for mask, seen in masks
            if (mask & seen).any()
        ]
        scores.append(np.mean(dice) if dice else 0.0)
    return float(_PARTS[int(np.argmax(scores))])


def _on_grid(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Sample an array at the middles of as many equal parts of each side, nearest."""
    places = [
        ((np.arange(n) + 0.5) * old / n).astype(np.intp).clip(0, old - 1)
        for n, old in zip(shape, array.shape, strict=True)
    ]
    sampled: NDArray[Any] = array[np.ix_(*places)]
    return sampled
