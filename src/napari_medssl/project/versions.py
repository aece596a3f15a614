"""The models of a project: which is in use, which wait, which were before; none is ever lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from napari_medssl.errors import ReadOnlyError, UsageError
from napari_medssl.project.cases import now, number_of
from napari_medssl.project.model_files import MODELS, copy_model
from napari_medssl.project.schema import version_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl.project.project import Project

ModelState = Literal["candidate", "current", "former", "rejected", "kept"]

_FIRST_WITH_MODELS = 2
_BETTER = "better"


class Card(Protocol):
    """What of a `models.trained.TrainedCard` is kept in the table."""

    @property
    def title(self) -> str:
        """Words for people."""

    @property
    def sha256(self) -> str:
        """Hash of the weights."""

    @property
    def parent(self) -> str:
        """Hash of the weights that it began with; empty for none."""


@dataclass(frozen=True)
class ModelVersion:
    """One model of a project.

    Parameters
    ----------
    sha256 : str
        Hash of its weights.
    path : Path
        Its weights; the card lies beside them.
    title : str
        Words for people.
    parent : str
        Hash of the weights that it began with; empty for none.
    state : {"candidate", "current", "former", "rejected", "kept"}
        A candidate waits for a decision; a former one was current before; one that is kept lies
        beside the current one.
    made : str
        When it was taken in, in ISO format.
    figures : mapping
        What the gate measured, as plain data.
    """

    sha256: str
    path: Path
    title: str
    parent: str
    state: ModelState
    made: str
    figures: Mapping[str, Any]

    @property
    def short(self) -> str:
        """The first eight letters of its hash: what people type."""
        return self.sha256[:8]

    @property
    def is_better(self) -> bool:
        """Whether the gate called it better."""
        return bool(self.figures.get("verdict", {}).get("kind") == _BETTER)

    @property
    def was_compared_with(self) -> str:
        """Hash of the model that was in use when it learned; empty where none was."""
        return str(self.figures.get("old_sha256", ""))


def versions(project: Project) -> tuple[ModelVersion, ...]:
    """Return the models in the order in which they came; none in a project of an older layout."""
    if version_of(project.store) < _FIRST_WITH_MODELS:
        return ()
    rows = project.store.rows("SELECT * FROM model ORDER BY id")
    return tuple(_version(row, project.folder) for row in rows)


def current(project: Project) -> ModelVersion | None:
    """Return the model in use; None where none was accepted yet."""
    return next((one for one in versions(project) if one.state == "current"), None)


def find_version(project: Project, beginning: str) -> ModelVersion:
    """Find a model by the first letters of its hash.

    Raises
    ------
    UsageError
        If there is none, or more than one.
    """
    there = versions(project)
    found = [one for one in there if beginning and one.sha256.startswith(beginning.lower())]
    if len(found) == 1:
        return found[0]
    came = f"{len(found)} models begin with '{beginning}'" if found else f"no model '{beginning}'"
    names = ", ".join(one.short for one in there) or "none is in this project yet"
    raise UsageError(came, expected=f"one of this project's ({names})")


def add_candidate(
    project: Project,
    weights: Path,
    card: Card,
    taught: Mapping[str, str],
    figures: Mapping[str, Any],
) -> ModelVersion:
    """Copy a model into the project, where it waits for a decision; one that is there stays as is.

    Parameters
    ----------
    project : Project
        Open for writing.
    weights : Path
        The safetensors file; its card lies beside it.
    card : Card
        That card.
    taught : mapping of str to str
        Ids of the cases that it learned from or that chose its weights -> marks of their patients.
    figures : mapping
        What the gate measured, as plain data.

    Raises
    ------
    WeightsError
        If the file is not the one that its card was made for.
    ReadOnlyError, SaveError
        If it may not, or could not, be written.
    """
    if any(one.sha256 == card.sha256 for one in versions(project)):
        return find_version(project, card.sha256)
    _require_writable(project)
    target = copy_model(weights, card.sha256, project.folder)
    told = json.dumps(dict(figures), ensure_ascii=False)
    with project.store.transaction() as db:
        number = db.execute(
            "INSERT INTO model (sha256, file, title, parent, state, made, figures) "
            "VALUES (?, ?, ?, ?, 'candidate', ?, ?)",
            (card.sha256, target.name, card.title, card.parent, now(), told),
        ).lastrowid
        db.executemany(
            "INSERT INTO model_case VALUES (?, ?, ?)",
            [(number, number_of(case), patient) for case, patient in taught.items()],
        )
    return find_version(project, card.sha256)


def accept(project: Project, version: ModelVersion, *, anyway: bool = False) -> ModelVersion:
    """Put a model in use; the one before becomes a former one.

    Parameters
    ----------
    project : Project
        Open for writing.
    version : ModelVersion
        A candidate, or one that was kept or rejected.
    anyway : bool
        Also one that the gate did not call better.

    Raises
    ------
    UsageError
        If it was not found to be better than the one in use now, or is or was in use itself.
    """
    _require(version, "accept", "candidate", "kept", "rejected")
    in_use = current(project)
    if not anyway and version.was_compared_with != (in_use.sha256 if in_use else ""):
        raise UsageError(
            f"the model {version.short}, which was compared with another one than is in use now",
            expected="one that was found to be better than that",
            do="Learn once more, or add --anyway if you want it nevertheless",
        )
    if not version.is_better and not anyway:
        raise UsageError(
            f"the model {version.short}, which was not found to be better",
            expected="one that was",
            do="Look at its figures, and add --anyway if you want it nevertheless",
        )
    return _put_in_use(project, version)


def roll_back(project: Project, version: ModelVersion) -> ModelVersion:
    """Put a model in use again that was before.

    Raises
    ------
    UsageError
        If it never was.
    """
    _require(version, "go back to", "former")
    return _put_in_use(project, version)


def reject(project: Project, version: ModelVersion) -> ModelVersion:
    """Decide against a model; its file stays."""
    _require(version, "reject", "candidate", "kept")
    return _set_state(project, version, "rejected")


def keep(project: Project, version: ModelVersion) -> ModelVersion:
    """Keep a model beside the one in use."""
    _require(version, "keep", "candidate", "rejected")
    return _set_state(project, version, "kept")


def taught_cases(project: Project, version: ModelVersion) -> set[int]:
    """Return the numbers of the cases that a model learned from or that chose its weights."""
    rows = project.store.rows(
        "SELECT case_id FROM model_case JOIN model ON model.id = model_id WHERE sha256 = ?",
        version.sha256,
    )
    return {row[0] for row in rows}


def _require(version: ModelVersion, what: str, *states: ModelState) -> None:
    if version.state not in states:
        raise UsageError(
            f"to {what} the model {version.short}, which is {version.state}",
            expected=f"one that is {' or '.join(states)}",
        )


def _put_in_use(project: Project, version: ModelVersion) -> ModelVersion:
    with project.store.transaction() as db:
        db.execute("UPDATE model SET state = 'former' WHERE state = 'current'")
        db.execute("UPDATE model SET state = 'current' WHERE sha256 = ?", (version.sha256,))
    return find_version(project, version.sha256)


def _set_state(project: Project, version: ModelVersion, state: ModelState) -> ModelVersion:
    with project.store.transaction() as db:
        db.execute("UPDATE model SET state = ? WHERE sha256 = ?", (state, version.sha256))
    return find_version(project, version.sha256)


def _require_writable(project: Project) -> None:
    if project.read_only:
        raise ReadOnlyError(project.why_read_only.rstrip("."))
    project.keep_alive()  # another window may have taken the project over


def _version(row: sqlite3.Row, folder: Path) -> ModelVersion:
    return ModelVersion(
        sha256=row["sha256"],
        path=folder / MODELS / row["file"],
        title=row["title"],
        parent=row["parent"],
        state=row["state"],
        made=row["made"],
        figures=json.loads(row["figures"]),
    )
