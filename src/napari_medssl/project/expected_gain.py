"""How much is to be gained from correcting a case, told from what a model's run left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.project.scores import Scores

#: standard deviations: the mean square of those of the cases learned from is one
_AS_NEAR_AS_LEARNED = 1.0
#: below this nothing about a case is worth a word: it is in the better half in all respects
_STANDS_OUT = 0.5


@dataclass(frozen=True)
class Gain:
    """What is expected of one case.

    Parameters
    ----------
    value : float
        0 to 1; comparable among the cases that were given together, and with no others.
    reason : str
        A phrase for people.
    """

    value: float
    reason: str


def expected_gains(scores: Sequence[Scores]) -> tuple[Gain, ...]:
    """Weigh cases against each other: the mean of three ranks, a quarter, a quarter and a half.

    The three things measured have no common unit: an entropy of 0.4 may be usual where a
    disagreement of 0.4 is a failure, and both depend on the organ and the network. What can be
    compared is where a case stands among the others, so each of the three becomes the part of the
    other cases that it exceeds. Disagreement counts twice, because it estimates the very quantity
    that a correction mends, the Dice with the truth; the other two tell of failures that both
    looks share. How near an image is does not count as long as it is as near as those learned
    from are to each other: within that, nearness foretells nothing.

    Parameters
    ----------
    scores : sequence of Scores
        Of cases that one and the same model was run on.

    Returns
    -------
    tuple of Gain
        In the same order.
    """
    ranks = zip(
        _ranks([one.disagreement for one in scores]),
        _ranks([one.unsure for one in scores]),
        _ranks([max(_AS_NEAR_AS_LEARNED, one.distance) for one in scores]),
        strict=True,
    )
    return tuple(_gain(one, *rank) for one, rank in zip(scores, ranks, strict=True))


def _gain(scores: Scores, contradicts: float, unsure: float, unlike: float) -> Gain:
    value = (2 * contradicts + unsure + unlike) / 4
    most = max(contradicts, unsure, unlike)
    if scores.missing:
        return Gain(value, f"did not find {' and '.join(scores.missing)}")
    if most < _STANDS_OUT:
        return Gain(value, "nothing stands out")
    if most == contradicts:
        return Gain(value, _contradiction(scores))
    return Gain(value, "unsure along the border" if most == unsure else _UNLIKE)


_UNLIKE = "looks unlike the cases learned from"


def _contradiction(scores: Scores) -> str:
    part = f"{scores.disagreement:.0%}".replace("%", " %")
    if scores.second_look == "before":
        return f"differs from the model before on {part} of what it outlined"
    return f"the model contradicts itself on {part} of what it outlined"


def _ranks(values: Sequence[float]) -> list[float]:
    """Return for each value the part of the others that it exceeds; 1 where there are none."""
    others = len(values) - 1
    return [sum(other < value for other in values) / others if others else 1.0 for value in values]
