"""Whether a new model is better than the old one, told from cases that neither ever saw.

What is compared is the mean Dice of each patient, new less old. Patients are drawn again and again
with replacement, so that the spread between them says how far the difference is to be trusted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.models.draws import draws

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

Kind = Literal["better", "not better", "cannot tell", "not measured"]

_DRAWS, _OUTSIDE = 2_000, 5.0
#: fewer judging patients than this are too few for an interval
LEAST_PATIENTS = 3
#: sums of the same numbers in another order differ by so much
_SAME = 1e-9
#: three decimals are shown: what is called better is not shown as 0.000
_LEAST_GAIN = 5e-4


class Measured(Protocol):
    """What of an `evaluate.table.Row` is compared."""

    @property
    def case(self) -> str:
        """Id of the case."""

    @property
    def label(self) -> int:
        """Value of the label."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def dice(self) -> float:
        """0 to 1; nan where neither mask has it."""

    @property
    def hd95(self) -> float:
        """Distance of the outlines, in mm; inf or nan where a mask does not have it."""

    @property
    def difference_ml(self) -> float:
        """Found less drawn."""


@dataclass(frozen=True)
class LabelLine:
    """How two models meet one label.

    Parameters
    ----------
    label, name
        Which.
    cases : int
        In how many it was drawn or found.
    old_dice, new_dice : float
        Means over these cases.
    old_hd95_mm, new_hd95_mm : float
        Means over the cases where the label was found; nan where there is none.
    old_off_ml, new_off_ml : float
        Means of how many millilitres the volume is off, either way.
    """

    label: int
    name: str
    cases: int
    old_dice: float
    new_dice: float
    old_hd95_mm: float
    new_hd95_mm: float
    old_off_ml: float
    new_off_ml: float


@dataclass(frozen=True)
class Difference:
    """The mean Dice of the new model less that of the old one.

    Parameters
    ----------
    mean : float
        Over patients.
    low, high : float
        90 % interval.
    patients : int
        Who judged.
    """

    mean: float
    low: float
    high: float
    patients: int


@dataclass(frozen=True)
class Gate:
    """What came of a comparison.

    Parameters
    ----------
    kind : {"better", "not better", "cannot tell", "not measured"}
        Only one that is better is proposed.
    words : str
        The same in a sentence or two.
    difference : Difference or None
        None where nothing was measured.
    labels : tuple of LabelLine
        In the order of the labels.
    by_case : mapping of str to float
        Difference of the mean Dice of each case, the worst first.
    """

    kind: Kind
    words: str
    difference: Difference | None = None
    labels: tuple[LabelLine, ...] = ()
    by_case: Mapping[str, float] | None = None

    def as_row(self) -> dict[str, Any]:
        """Return it as plain data; what is no number is None."""
        row = asdict(self)
        verdict = {"kind": row.pop("kind"), "words": row.pop("words")}
        plain: dict[str, Any] = _plain({"verdict": verdict, **row})
        return plain


def not_measured(why: str) -> Gate:
    """Return what is said where no case can judge."""
    return Gate("not measured", f"Not measured: {why}.")


def weigh(
    old: Sequence[Measured],
    new: Sequence[Measured],
    patients: Mapping[str, str],
    *,
    against: str = "the model in use",
    crossed: int = 0,
    seed: int = 0,
) -> Gate:
    """Compare two models.

    Parameters
    ----------
    old, new : sequences of Measured
        A row for each case and label, the same in both. A label that is rightly not found counts
        as a Dice of 1 where the other model found it; where neither did it does not count.
    patients : mapping of str to str
        Id of a case -> what is the same for all cases of its patient.
    against : str
        What the old one is called in the sentence.
    crossed : int
        How many of the patients judged networks that learned as the new one did, but without them
        and for a shorter time (cross-validation).
    seed : int
        Of the draws.

    Raises
    ------
    UsageError
        If the rows are not of the same cases and labels.
    """
    pairs = _paired(old, new)
    if not pairs:
        return not_measured("no case that may judge has one of the labels")
    each: dict[str, list[float]] = {}
    for a, b in pairs:
        each.setdefault(a.case, []).append(_dice(b) - _dice(a))
    by_case = {case: float(np.mean(values)) for case, values in each.items()}
    by_patient: dict[str, list[float]] = {}
    for case, value in by_case.items():
        by_patient.setdefault(patients[case], []).append(value)
    differences = np.array([np.mean(by_patient[who]) for who in sorted(by_patient)])
    low, high = interval(differences, seed)
    difference = Difference(float(differences.mean()), low, high, len(differences))
    kind, words = _verdict(difference, against, crossed)
    worst_first = dict(sorted(by_case.items(), key=lambda one: one[1]))
    return Gate(kind, words, difference, _lines(pairs), worst_first)


def interval(differences: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """Return the 90 % interval of a mean by drawing patients with replacement.

    Such draws spread too little where patients are few: of 3 that are equally good, one in five
    times would be called better. So they are widened about their mean by sqrt(n / (n - 1)) and by
    Student's factor (Hesterberg 2015), which brings that to the one in twenty that is meant.

    Parameters
    ----------
    differences : (n,) array
        One number a patient.
    seed : int
        Of the 2,000 draws.
    """
    from scipy.special import ndtri, stdtrit

    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return float("-inf"), float("inf")
    sure = 1 - _OUTSIDE / 100
    factor = np.sqrt(n / (n - 1)) * stdtrit(n - 1, sure) / ndtri(sure)
    drawn = draws(seed, "gate").integers(n, size=(_DRAWS, n))
    means = differences[drawn].mean(axis=1)
    wider = mean + (means - mean) * factor
    low, high = np.percentile(wider, (_OUTSIDE, 100 - _OUTSIDE))
    return float(low), float(high)


def _paired(old: Sequence[Measured], new: Sequence[Measured]) -> list[tuple[Measured, Measured]]:
    """Put the rows of a case and label together; those that neither mask has are left out."""
    first = {(row.case, row.label): row for row in old}
    second = {(row.case, row.label): row for row in new}
    if first.keys() != second.keys():
        raise UsageError("figures of other cases or labels", expected="the same for both models")
    pairs = [(first[key], second[key]) for key in first]
    return [(a, b) for a, b in pairs if not (np.isnan(a.dice) and np.isnan(b.dice))]


def _dice(row: Measured) -> float:
    """Return a Dice that is 1 where there was nothing to be found, and nothing was."""
    return 1.0 if np.isnan(row.dice) else float(row.dice)


def _verdict(difference: Difference, against: str, crossed: int) -> tuple[Kind, str]:
    kind, words = _compared(difference, against)
    if crossed:
        some = "1 of them" if crossed == 1 else f"{crossed} of them"
        how = "networks that learned without them, for a shorter time (cross-validation)"
        words += f" As few cases are done, {some} judged {how}."
    return kind, words


def _compared(difference: Difference, against: str) -> tuple[Kind, str]:
    mean, low, high = (
        f"{value:+.3f}" for value in (difference.mean, difference.low, difference.high)
    )
    told = f"Mean Dice {mean} against {against} on {_people(difference.patients)}"
    if difference.patients < LEAST_PATIENTS:
        few = f"with fewer than {LEAST_PATIENTS} patients that is chance as well as not"
        return "cannot tell", f"Cannot tell: {told}; {few}. Look at the masks and decide."
    told = f"{told} it never saw (90 % interval {low} to {high})"
    if difference.low >= _LEAST_GAIN:
        return "better", f"Better: {told}."
    if difference.mean <= _SAME:
        return "not better", f"Not better: {told}."
    return "cannot tell", f"Cannot tell: {told}. The interval reaches 0, so it may be chance."


def _people(count: int) -> str:
    return "1 patient" if count == 1 else f"{count} patients"


def _lines(pairs: Iterable[tuple[Measured, Measured]]) -> tuple[LabelLine, ...]:
    by_label: dict[int, list[tuple[Measured, Measured]]] = {}
    for pair in pairs:
        by_label.setdefault(pair[0].label, []).append(pair)
    return tuple(_line(by_label[label]) for label in sorted(by_label))


def _line(pairs: list[tuple[Measured, Measured]]) -> LabelLine:
    old, new = ([pair[side] for pair in pairs] for side in (0, 1))
    return LabelLine(
        label=pairs[0][0].label,
        name=pairs[0][0].name,
        cases=len(pairs),
        old_dice=_mean(map(_dice, old)),
        new_dice=_mean(map(_dice, new)),
        old_hd95_mm=_mean(row.hd95 for row in old),
        new_hd95_mm=_mean(row.hd95 for row in new),
        old_off_ml=_mean(abs(row.difference_ml) for row in old),
        new_off_ml=_mean(abs(row.difference_ml) for row in new),
    )


def _mean(values: Iterable[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
