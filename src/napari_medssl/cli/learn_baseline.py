"""What a first model must do better than: masks told from places alone, the better of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import MedSSLError
from napari_medssl.evaluate import dice
from napari_medssl.finetune.position_prior import on_relative_grid, position_prior

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.finetune.position_prior import Seen
    from napari_medssl.finetune.volumes.examples import Example, Labelled

    Told = Callable[[Example, Labelled], NDArray[Any]]

_MOST_OTHERS = 20  # patients; more tell little more


class PlacesAlone:
    """Tells masks without looking at the image.

    Once from the masks that were learned from, and once from those of the other patients who
    judge; whichever is nearer to the truth is what a network is compared with. The first alone
    would be too easy where what was learned from is wrong: a network taught shuffled masks is
    bad, but can be less bad than the places that these tell.

    Parameters
    ----------
    judges : sequence of Example
        All who judge in a round.
    marks : mapping of str to str
        Case -> whose it is: who judges tells nothing of themselves.
    """

    def __init__(self, judges: Sequence[Example], marks: Mapping[str, str]) -> None:
        self._judges, self._marks = judges, marks
        self._small: dict[str, Seen | None] = {}

    def told_by(self, taught: Iterable[Example], values: Sequence[int]) -> Told:
        """Return what tells the mask of a judged case.

        Parameters
        ----------
        taught : iterable of Example
            What the network that is judged learned from.
        values : sequence of int
            The labels that it knows.
        """
        read = (example.read() for example in taught)
        own = position_prior(((one.labels, one.looked_at) for one in read), values)

        def told(example: Example, case: Labelled) -> NDArray[Any]:
            priors = [own]
            if others := self._others(example):
                priors.append(position_prior(others, values))
            masks = [prior.expected(case.volume.geometry.shape) for prior in priors]
            return max(masks, key=lambda mask: _nearness(mask, case, values))

        return told

    def _others(self, example: Example) -> list[Seen]:
        own = self._marks[example.id]
        others = [one for one in self._judges if self._marks[one.id] != own]
        return [small for one in others[:_MOST_OTHERS] if (small := self._shrunk(one)) is not None]

    def _shrunk(self, example: Example) -> Seen | None:
        """Read a mask once; None where it cannot be read, which is told when it is to judge."""
        if example.id not in self._small:
            try:
                case = example.read()
            except MedSSLError:
                self._small[example.id] = None
            else:
                self._small[example.id] = on_relative_grid(case.labels, case.looked_at)
        return self._small[example.id]


def _nearness(mask: NDArray[Any], case: Labelled, values: Sequence[int]) -> float:
    """Return the mean Dice over the labels that are drawn, where somebody looked."""
    seen = ... if case.looked_at is None else case.looked_at
    drawn = [value for value in values if (case.labels[seen] == value).any()]
    return float(np.mean([dice(mask[seen] == v, case.labels[seen] == v) for v in drawn] or [0.0]))
