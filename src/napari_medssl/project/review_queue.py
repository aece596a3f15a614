"""Which case to correct next: the one from which the next round of learning gains most."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_medssl.project.expected_gain import expected_gains
from napari_medssl.project.scores import read_scores
from napari_medssl.project.versions import current

if TYPE_CHECKING:
    from napari_medssl.project.expected_gain import Gain
    from napari_medssl.project.project import Project

Order = Literal["gain", "random"]

NOT_LOOKED_AT = "not looked at yet"


@dataclass(frozen=True)
class QueueRow:
    """A case that waits to be reviewed.

    Parameters
    ----------
    case : str
        Its id.
    gain : float or None
        0 to 1, compared with the other cases; None where the model in use has not seen it.
    reason : str
        Why, in a phrase.
    """

    case: str
    gain: float | None
    reason: str


def review_queue(project: Project, order: Order = "gain", seed: int = 0) -> tuple[QueueRow, ...]:
    """Return the cases that are not done, the best first.

    Parameters
    ----------
    project : Project
        May be open to be looked at only, or of an older layout.
    order : {"gain", "random"}
        By expected gain, and what the model in use has not looked at last; or at random, which is
        what a fair comparison of models needs: cases chosen for their difficulty are no sample.
    seed : int
        Of the random order. It gives each case its place for good: others that are added or done
        do not change who comes before whom.
    """
    cases = [case.id for case in project.cases() if case.status != "done"]
    gains = _gains(project, cases)
    rows = [_row(case, gains.get(case)) for case in cases]
    if order == "random":
        return tuple(sorted(rows, key=lambda row: _draw(seed, row.case)))
    return tuple(sorted(rows, key=lambda row: -1.0 if row.gain is None else row.gain, reverse=True))


def _gains(project: Project, cases: list[str]) -> dict[str, Gain]:
    """Weigh the cases that the model in use was run on."""
    in_use = current(project)
    if in_use is None:
        return {}
    found = {case: read_scores(project, case, in_use.sha256) for case in cases}
    known = {case: scores for case, scores in found.items() if scores is not None}
    return dict(zip(known, expected_gains(list(known.values())), strict=True))


def _row(case: str, gain: Gain | None) -> QueueRow:
    return QueueRow(case, gain.value, gain.reason) if gain else QueueRow(case, None, NOT_LOOKED_AT)


def _draw(seed: int, case: str) -> bytes:
    return hashlib.sha256(f"review {seed} {case}".encode()).digest()
