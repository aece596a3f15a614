"""What the gate measured of a model, as the window shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from napari_medssl._napari.presenters.jobs.words import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.project.cases import Case
    from napari_medssl.project.versions import ModelState, ModelVersion

#: which of the two is better; neither where they are the same, or one of them is not known
Better = Literal["old", "new", ""]

STATES: Mapping[ModelState, str] = {
    "candidate": "waits for your decision",
    "current": "in use",
    "former": "was in use before",
    "rejected": "rejected",
    "kept": "kept",
}
_SHORT: Mapping[ModelState, str] = {
    "candidate": "undecided",
    "current": "in use",
    "former": "was in use",
    "rejected": "not used",
    "kept": "kept",
}
_ARRIVED = {
    "better": "It learned: better than before. Decide in Learn.",
    "not better": "It learned: not better than before. See Learn.",
    "cannot tell": "It learned: whether it is better is not sure. See Learn.",
    "not measured": "It learned: not measured. See Learn.",
}
_SAME = 5e-4  # what is shown has three decimals


@dataclass(frozen=True)
class Pair:
    """A figure of the old and of the new model, in words."""

    old: str
    new: str
    better: Better


@dataclass(frozen=True)
class GateLine:
    """A label in the table: Dice, distance of the outlines in mm, volume off in ml."""

    name: str
    cases: int
    dice: Pair
    hd95_mm: Pair
    off_ml: Pair


@dataclass(frozen=True)
class GateCase:
    """A judged case: by how much its mean Dice changed."""

    id: str
    name: str
    gained: float


@dataclass(frozen=True)
class GateFacts:
    """Everything about one model.

    Parameters
    ----------
    sha256, heading : str
        Which one; its title and what became of it.
    state : ModelState
        For the buttons.
    kind, words : str
        The verdict.
    difference : (mean, low, high, patients) or None
        Of the mean Dice, new less old; low and high are None for a single patient.
    lines : tuple of GateLine
        A line a label.
    cases : tuple of GateCase
        The worst first.
    old_name : str
        What it was compared with.
    is_proposed : bool
        Whether it was found to be better than the model that is in use now.
    start : str
        What it began with.
    """

    sha256: str
    heading: str
    state: ModelState
    kind: str
    words: str
    difference: tuple[float, float | None, float | None, int] | None
    lines: tuple[GateLine, ...]
    cases: tuple[GateCase, ...]
    old_name: str
    is_proposed: bool
    start: str


@dataclass(frozen=True)
class VersionRow:
    """A model in the list."""

    sha256: str
    title: str
    line: str
    state: ModelState


def gate_facts(
    version: ModelVersion, models: Sequence[ModelVersion], cases: Sequence[Case]
) -> GateFacts:
    """Return what is to be shown of a model.

    Parameters
    ----------
    version : ModelVersion
        Which one.
    models : sequence of ModelVersion
        All of the project.
    cases : sequence of Case
        For their names.
    """
    figures, names = version.figures, {case.id: case.name for case in cases}
    in_use = next((one for one in models if one.state == "current"), None)
    compared_with_it = version.was_compared_with == (in_use.sha256 if in_use else "")
    difference = figures.get("difference")
    gained = figures.get("by_case") or {}
    return GateFacts(
        sha256=version.sha256,
        heading=f"{version.title}: {STATES[version.state]}",
        state=version.state,
        kind=str(figures["verdict"]["kind"]),
        words=str(figures["verdict"]["words"]),
        difference=_difference(difference) if difference else None,
        lines=tuple(_line(row) for row in figures.get("labels") or ()),
        cases=tuple(GateCase(id_, names.get(id_, id_), by) for id_, by in gained.items()),
        old_name=str(figures.get("against", "the model in use")),
        is_proposed=version.is_better and compared_with_it,
        start=str(figures.get("start", "")),
    )


def version_row(version: ModelVersion) -> VersionRow:
    """Return a model's line in the list."""
    kind = str(version.figures["verdict"]["kind"])
    difference = version.figures.get("difference")
    gained = f" ({difference['mean']:+.3f})" if difference else ""
    made = moment(datetime.fromisoformat(version.made).timestamp())
    line = f"{_SHORT[version.state]} · {made} · {kind}{gained}"
    return VersionRow(version.sha256, version.title, line, version.state)


def arrived_words(version: ModelVersion) -> str:
    """Say that a model waits for a decision."""
    return _ARRIVED.get(str(version.figures["verdict"]["kind"]), _ARRIVED["not measured"])


def _difference(row: Mapping[str, Any]) -> tuple[float, float | None, float | None, int]:
    return row["mean"], row["low"], row["high"], row["patients"]


def _line(row: Mapping[str, Any]) -> GateLine:
    return GateLine(
        name=row["name"],
        cases=row["cases"],
        dice=_pair(row["old_dice"], row["new_dice"], "{:.3f}", more=True),
        hd95_mm=_pair(row["old_hd95_mm"], row["new_hd95_mm"], "{:.1f}", more=False),
        off_ml=_pair(row["old_off_ml"], row["new_off_ml"], "{:.2f}", more=False),
    )


def _pair(old: float | None, new: float | None, how: str, *, more: bool) -> Pair:
    """Put two figures side by side; ``more`` is better, or less."""
    told = [how.format(one) if one is not None else "-" for one in (old, new)]
    better: Better = ""
    if old is not None and new is not None and told[0] != told[1] and abs(new - old) > _SAME:
        better = "new" if (new > old) == more else "old"
    return Pair(told[0], told[1], better)
