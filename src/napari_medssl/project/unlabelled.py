"""The scans of a project that a network may look at without their masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.project.learn_plan import patient_key
from napari_medssl.project.ledger import patient_marks, roles

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from napari_medssl.project.cases import Case
    from napari_medssl.project.learn_plan import Guess
    from napari_medssl.project.project import Project


@dataclass(frozen=True)
class Unlabelled:
    """Who is looked at, and who is not.

    Parameters
    ----------
    cases : tuple of Case
        Done or not.
    judging : tuple of str
        Ids of those left out: their patients judge, and a judge is to be new to a network.
    """

    cases: tuple[Case, ...]
    judging: tuple[str, ...]


def unlabelled_cases(project: Project, guess: Guess, known: MutableMapping[str, str]) -> Unlabelled:
    """Return all cases but those of patients who judge.

    Parameters
    ----------
    project : Project
        May be open to be looked at only.
    guess : callable
        The name of an image -> whose it is.
    known : mapping of str to str
        Marks of patients that were worked out before, which takes long on purpose; is added to.
    """
    cases = project.cases()
    judges = {mark for mark, role in roles(project).items() if role == "test"}
    if not judges:
        return Unlabelled(cases, ())
    keys = {case.id: patient_key(case, guess) for case in cases}
    fresh = {key: key for key in set(keys.values()) - known.keys()}
    known.update(patient_marks(project, fresh))
    judging = tuple(case.id for case in cases if known[keys[case.id]] in judges)
    return Unlabelled(tuple(case for case in cases if case.id not in judging), judging)
