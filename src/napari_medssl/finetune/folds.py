"""Cross-validation: dividing few patients so that each of them judges once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.models.draws import draws

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 3


@dataclass(frozen=True)
class Fold:
    """Who is learned from, and who judges what was learned.

    Parameters
    ----------
    training, judging : tuple of str
        Ids of cases, of other patients on either side.
    """

    training: tuple[str, ...]
    judging: tuple[str, ...]


def folds(patients: Mapping[str, str], *, most: int = _MOST, seed: int = 0) -> tuple[Fold, ...]:
    """Divide cases by patient; none where there are fewer than two patients.

    Parameters
    ----------
    patients : mapping of str to str
        Id of a case -> what is the same for all cases of its patient.
    most : int
        How many folds at most; no more than patients.
    seed : int
        Draws who judges together.
    """
    people = sorted(set(patients.values()))
    if len(people) < 2:
        return ()
    order = [people[place] for place in draws(seed, "folds").permutation(len(people))]
    count = min(most, len(people))
    parts = [set(order[first::count]) for first in range(count)]
    return tuple(
        Fold(
            training=tuple(case for case, who in patients.items() if who not in part),
            judging=tuple(case for case, who in patients.items() if who in part),
        )
        for part in parts
    )
