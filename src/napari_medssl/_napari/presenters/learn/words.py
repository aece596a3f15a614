"""Learning in words for people: the button, who learns, who judges, how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.project.open_ends import open_ends_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.learn.look import LearnLook
    from napari_medssl.project.learn_plan import Sides
    from napari_medssl.project.new_corrections import NewCorrections

_LEAST_PATIENTS = 3
BUTTON = "Learn from my corrections"
NO_PROJECT = "Open a project in the Project panel first."
LOOKING = "Looking at what is done…"
NOTHING_DONE = (
    "Nothing is done yet. Mark cases, or some of their slices, as done when their outlines are "
    "right: these are what is learned from."
)


def button_words(fresh: NewCorrections) -> str:
    """Return what the button says: how much there is that no model has learned yet."""
    parts = [counted(fresh.cases, "new case")] if fresh.cases else []
    parts += [counted(fresh.slices, "new slice" if not parts else "slice")] if fresh.slices else []
    return f"{BUTTON} ({', '.join(parts)})" if parts else BUTTON


def sides_words(sides: Sides, *, may_cross: bool) -> str:
    """Say who is learned from and who judges.

    Parameters
    ----------
    sides : Sides
        Who.
    may_cross : bool
        Whether who is learned from judges too, where few others can.
    """
    lines = [f"Learns from {_people(sides, sides.training)}."]
    if sides.validation:
        lines.append(f"The best moment to stop is chosen by {_people(sides, sides.validation)}.")
    if sides.test:
        lines.append(f"Judged by {_people(sides, sides.test)} that it never learns from.")
    if may_cross and _is_crossed(sides):
        lines.append(
            "As so few judge, those learned from judge in turn: other networks learn without them "
            "(cross-validation, about half as long again)."
        )
    return "\n".join(lines)


def _is_crossed(sides: Sides) -> bool:
    few = sides.patients(sides.test) < _LEAST_PATIENTS
    return few and sides.patients(sides.training, sides.validation) > 1


def _sides_warning(look: LearnLook, *, may_cross: bool) -> str:
    """Say what is to be known before it learns; empty where there is nothing."""
    sides = look.sides
    if sides is None:
        return ""
    if not sides.training:
        return (
            "All that is done is of patients who judge. Finish a case of another patient: only "
            "then is there something to learn from."
        )
    patients = sides.patients()
    if patients < _LEAST_PATIENTS:
        some = "1 patient is" if patients == 1 else f"{patients} patients are"
        crossed = may_cross and _is_crossed(sides)
        what = (
            "what is measured is chance as well as not"
            if crossed
            else "nobody can judge: the new model will come without a verdict"
        )
        return (
            f"Only {some} done, so {what}, and you decide by looking. From three patients on there "
            "is a verdict."
        )
    if not sides.test and not (may_cross and _is_crossed(sides)):
        return "No patient who judges is done, so the new model will come without a verdict."
    if not look.fresh.any and look.models:
        return "Nothing was corrected since it last learned: another model from the same cases."
    return ""


def heed_words(look: LearnLook, *, may_cross: bool, short: bool) -> str:
    """Say all that is to be known before it learns, a line each; empty where there is nothing.

    Parameters
    ----------
    look : LearnLook
        What was found.
    may_cross : bool
        As `sides_words` takes it.
    short : bool
        Whether there is little to be expected of the time it gets.
    """
    names = ", ".join(f"'{name}'" for name in look.undrawn)
    lines = [
        _sides_warning(look, may_cross=may_cross),
        f"Drawn on no case that is learned from, so not learned: {names}." if names else "",
        open_ends_words(look.open_ends),
        "In so short a time a processor learns little more than where things usually lie. Give it "
        "five minutes or more."
        if short
        else "",
    ]
    return "\n".join(line for line in lines if line)


def counted(count: int, what: str) -> str:
    """Return ``"1 case"``, ``"2 cases"``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _people(sides: Sides, cases: Sequence[str]) -> str:
    patients = sides.patients(cases)
    if patients == len(cases):
        return f"{counted(len(cases), 'case')} of as many patients" if patients > 1 else "1 case"
    return f"{counted(len(cases), 'case')} of {counted(patients, 'patient')}"
