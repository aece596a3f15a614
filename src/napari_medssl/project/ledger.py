"""Who is learned from and who judges: decided once for each patient, and never changed."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Literal, Protocol

from napari_medssl.project.cases import id_of, now
from napari_medssl.project.schema import version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_medssl.project.project import Project

Role = Literal["training", "validation", "test"]

#: with so many patients or more: which part of them has which role
_SHARES: tuple[tuple[int, Mapping[Role, float]], ...] = (
    (10, {"training": 0.6, "validation": 0.1, "test": 0.3}),
    (3, {"training": 2 / 3, "test": 1 / 3}),
    (0, {"training": 1.0}),
)
_FIRST_WITH_ROLES = 2
_KEY_ROUNDS = 100_000

#: what trained a model of the ledger, or one of those that it descends from
_TAUGHT = """
WITH RECURSIVE line(sha256) AS (
  VALUES (?) UNION SELECT model.parent FROM model JOIN line USING (sha256) WHERE model.parent <> ''
)
SELECT model_case.case_id, model_case.patient
FROM model_case JOIN model ON model.id = model_case.model_id JOIN line USING (sha256)
"""


class Learned(Protocol):
    """What of a `models.trained.TrainedCard` tells what it learned from."""

    @property
    def sha256(self) -> str:
        """Hash of the weights."""

    @property
    def parent(self) -> str:
        """Hash of the weights that it began with; empty for none."""

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Ids of cases, or a line on published data."""

    @property
    def source(self) -> str:
        """As `origin_of` tells it; anything else may be of this project."""


def patient_marks(project: Project, patients: Mapping[str, str]) -> dict[str, str]:
    """Return, for each case, a mark of its patient that does not tell who it is.

    Parameters
    ----------
    project : Project
        Another project gives the same patient another mark.
    patients : mapping of str to str
        Id of a case -> what is the same for all cases of its patient.
    """
    salt = str(project.store.one("SELECT value FROM setting WHERE key = 'salt'") or "")

    def mark(patient: str) -> str:
        # slow on purpose: a mark stays when a case is purged, and names could be tried
        return hashlib.pbkdf2_hmac("sha256", patient.encode(), salt.encode(), _KEY_ROUNDS, 16).hex()

    marks = {patient: mark(patient) for patient in set(patients.values())}
    return {case: marks[patient] for case, patient in patients.items()}


def origin_of(project: Project) -> str:
    """Return what a model's card may tell of the project that it learned in."""
    salt = project.store.one("SELECT value FROM setting WHERE key = 'salt'")
    return f"project {hashlib.sha256(f'origin {salt}'.encode()).hexdigest()[:16]}"


def roles(project: Project) -> dict[str, Role]:
    """Return the role of each patient, by mark; nothing in a project of an older layout."""
    if version_of(project.store) < _FIRST_WITH_ROLES:
        return {}
    return dict(map(tuple, project.store.rows("SELECT patient, role FROM role")))


def assign_roles(project: Project, marks: Iterable[str]) -> dict[str, Role]:
    """Give a role to each patient who has none, and return those of all.

    Who gets which depends on nothing but the roles that were given before and the marks. Of fewer
    than 3 patients all are learned from; of 3 to 9 one in three judges; of 10 or more 60 % are
    learned from, 10 % choose the best weights, and 30 % judge.

    Parameters
    ----------
    project : Project
        Open for writing.
    marks : iterable of str
        As `patient_marks` made them.

    Raises
    ------
    ReadOnlyError, SaveError
        If it may not, or could not, be written.
    """
    given = set(marks)
    with project.store.transaction() as db:
        known: dict[str, Role] = dict(db.execute("SELECT patient, role FROM role").fetchall())
        fresh = _roles_for(sorted(given - known.keys()), Counter(known.values()))
        rows = [(mark, role, now()) for mark, role in fresh.items()]
        db.executemany("INSERT INTO role VALUES (?, ?, ?)", rows)
    return {**known, **fresh}


def coming_roles(project: Project, marks: Iterable[str]) -> dict[str, Role]:
    """Tell which roles `assign_roles` would give to those who have none; nothing is written."""
    known = roles(project)
    return {**known, **_roles_for(sorted(set(marks) - known.keys()), Counter(known.values()))}


def may_judge(project: Project, model: Learned, case: str, marks: Mapping[str, str]) -> bool:
    """Tell whether a model, and all that it descends from, never saw a case's patient.

    Parameters
    ----------
    project : Project
        Knows what trained the models in it.
    model : Learned
        A model's card; it need not be in the project.
    case : str
        Id of a case.
    marks : mapping of str to str
        Of all cases of the project, as `patient_marks` gives them.
    """
    return marks[case] not in taught_patients(project, model, marks)


def taught_patients(project: Project, model: Learned, marks: Mapping[str, str]) -> set[str]:
    """Return the marks of all patients that a model learned from, directly or by descent."""
    found: set[str] = set()
    if not model.source.startswith("project ") or model.source == origin_of(project):
        found |= {marks[case] for case in model.trained_on if case in marks}
    if version_of(project.store) < _FIRST_WITH_ROLES:
        return found
    for sha256 in filter(None, (model.sha256, model.parent)):
        for number, patient in project.store.rows(_TAUGHT, sha256):
            found |= {patient, marks.get(id_of(number), patient)}
    return found


def _roles_for(fresh: list[str], counts: Counter[Role]) -> dict[str, Role]:
    """Give each new patient, in order, the role that is furthest behind its share."""
    total = counts.total() + len(fresh)
    shares = next(shares for least, shares in _SHARES if total >= least)
    found: dict[str, Role] = {}
    for mark in fresh:
        behind = {role: round(part * total - counts[role], 6) for role, part in shares.items()}
        found[mark] = max(behind, key=lambda role: behind[role])  # of equals the first
        counts[found[mark]] += 1
    return found
