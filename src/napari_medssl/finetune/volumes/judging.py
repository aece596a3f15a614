"""How well a network does on prepared cases that it does not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.finetune.volumes.prepared import Prepared
    from napari_medssl.models.networks.network import SegmentationNetwork

    #: classes (a, b, c) that a network sees in a prepared image (channels, a, b, c)
    Look = Callable[[SegmentationNetwork, NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True)
class Verdict:
    """Dice of each case and label.

    Parameters
    ----------
    dice : mapping of str to mapping of int to float
        Case -> class -> Dice; a class that is neither drawn nor found is left out.
    """

    dice: Mapping[str, Mapping[int, float]]

    @property
    def by_class(self) -> dict[int, float]:
        """Mean over cases, a class each."""
        classes = sorted({number for row in self.dice.values() for number in row})
        rows = self.dice.values()
        return {n: float(np.mean([row[n] for row in rows if n in row])) for n in classes}

    @property
    def mean(self) -> float:
        """Mean over classes; nan of none."""
        return float(np.mean(list(self.by_class.values()))) if self.by_class else float("nan")

    @property
    def worst(self) -> str:
        """The case that came out worst."""
        means = {case: np.mean(list(row.values())) for case, row in self.dice.items() if row}
        return min(means, key=lambda case: float(means[case]), default="")


def dice_of(
    found: NDArray[Any], drawn: NDArray[Any], counted: NDArray[np.bool_], classes: Sequence[int]
) -> dict[int, float]:
    """Return the Dice of each class over voxels that count; without those in neither."""
    dice = {}
    for number in classes:
        a, b = (found == number) & counted, (drawn == number) & counted
        if total := int(a.sum()) + int(b.sum()):
            dice[number] = 2 * int((a & b).sum()) / total
    return dice


def judge(
    network: SegmentationNetwork, cases: Sequence[Prepared], look: Look
) -> tuple[Verdict, dict[str, NDArray[Any]]]:
    """Look at every case; return the verdict, and what was found by case."""
    classes = range(1, network.classes)
    found = {case.id: look(network, case.image) for case in cases}
    rows = {
        case.id: dice_of(found[case.id], case.classes, case.weight > 0, classes) for case in cases
    }
    return Verdict(rows), found
