"""Planning a round of learning: what is done, who is on which side, what it begins with.

How a patient is guessed from a name, and what there is to begin with, is told from outside: this
room knows nothing of networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import UsageError
from napari_medssl.project.learn_task import drawn_labels, finished, plan_round
from napari_medssl.project.ledger import coming_roles, patient_marks
from napari_medssl.project.versions import current

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence
    from pathlib import Path

    from napari_medssl.project.cases import Case
    from napari_medssl.project.learn_task import LearnTask
    from napari_medssl.project.ledger import Role
    from napari_medssl.project.project import Project

    #: a name of an image -> whose it is
    Guess = Callable[[str], str]


class Start(Protocol):
    """What of a `finetune.starting.Start` a plan needs."""

    @property
    def path(self) -> Path | None:
        """Weights to begin with; None begins with random ones."""

    @property
    def words(self) -> str:
        """Which, and why, in a sentence."""


if TYPE_CHECKING:
    #: model in use, labels, modalities, slices of the flattest image -> what to begin with
    Choose = Callable[[Path | None, Mapping[int, str], frozenset[str], int], Start]


@dataclass(frozen=True)
class Sides:
    """Who would learn and who would judge.

    Parameters
    ----------
    training, validation, test : tuple of str
        Ids of cases: what is learned from, what chooses the best weights, what judges.
    marks : mapping of str to str
        Ids of these cases -> marks of their patients.
    """

    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    marks: Mapping[str, str]

    def patients(self, *sides: Sequence[str]) -> int:
        """Count the patients of some cases; all of them unless given."""
        cases = sides or (self.training, self.validation, self.test)
        return len({self.marks[case] for side in cases for case in side})


def finished_cases(project: Project) -> tuple[Case, ...]:
    """Return the cases that are done, and those with slices that are, in their order.

    Raises
    ------
    UsageError
        If there is none.
    """
    return require_cases([case for case in project.cases() if finished(case)])


def require_cases(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return cases, if there are any to learn from.

    Raises
    ------
    UsageError
        If there is none.
    """
    if not cases:
        raise UsageError(
            "no case of this project is done, and no slice of one",
            expected="at least one finished mask",
            do="Mark a case or some of its slices as done when its outlines are right",
        )
    return tuple(cases)


def patient_key(case: Case, guess: Guess) -> str:
    """Return who a case is of: what the file says, or else what its name lets guess."""
    return case.patient or f"name {guess(case.name)}"


def plan_learning(
    project: Project, guess: Guess, choose: Choose, how: Mapping[str, Any]
) -> LearnTask:
    """Decide who learns, who judges and what it begins with; the ledger keeps the first two.

    Parameters
    ----------
    project : Project
        Open for writing.
    guess : callable
        The name of an image -> whose it is.
    choose : callable
        As `finetune.starting.starter` returns it.
    how : mapping
        As `plan_round` takes it.

    Raises
    ------
    UsageError
        If nothing is done, nobody is left to learn from, or there is no such model to begin with.
    ReadOnlyError, SaveError
        If the roles may not, or could not, be written.
    """
    done = finished_cases(project)
    start = coming_start(project, done, choose)
    patients = {case.id: patient_key(case, guess) for case in project.cases()}
    ids = [case.id for case in done]
    return plan_round(project, ids, patients, (start.path, start.words), how)


def coming_start(project: Project, done: Sequence[Case], choose: Choose) -> Start:
    """Tell what a round on these cases would begin with.

    Raises
    ------
    UsageError
        If there is no such model.
    """
    in_use = current(project)
    return choose(
        in_use.path if in_use is not None else None,
        drawn_labels(project, done),
        frozenset(case.modality for case in done),
        max(min(case.grid.shape) for case in done),
    )


def coming_sides(
    project: Project, done: Sequence[Case], guess: Guess, known: MutableMapping[str, str]
) -> Sides:
    """Tell who would learn and who would judge; nothing is written.

    Parameters
    ----------
    project : Project
        May be open to be looked at only.
    done : sequence of Case
        As `finished_cases` returns them.
    guess : callable
        The name of an image -> whose it is.
    known : mapping of str to str
        Marks of patients that were worked out before, which takes long on purpose; is added to.
    """
    keys = {case.id: patient_key(case, guess) for case in done}
    fresh = {key: key for key in set(keys.values()) - known.keys()}
    known.update(patient_marks(project, fresh))
    marks = {case: known[key] for case, key in keys.items()}
    given = coming_roles(project, marks.values())

    def side(role: Role) -> tuple[str, ...]:
        return tuple(case for case, mark in marks.items() if given[mark] == role)

    return Sides(side("training"), side("validation"), side("test"), marks)
