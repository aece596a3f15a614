"""What models propose for the cases of a project: a file a case, until it is accepted or not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.correct.journal import to_json
from napari_medssl.errors import ReadOnlyError, SaveError, UnreadableFileError, UsageError
from napari_medssl.io import atomic_write
from napari_medssl.project import proposal_file

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from napari_medssl.correct.proposal import Proposal, ProposedClass
    from napari_medssl.project.project import Project

_FOLDER, _SUFFIX = "proposals", ".npz"


@dataclass(frozen=True)
class Pending:
    """A proposal that waits for a decision.

    Parameters
    ----------
    case : str
        Id of the case.
    model, title : str
        The model's name, and words for people.
    weights_sha256 : str
        Hash of its weights.
    settings : str
        What it was run with, as JSON.
    classes : tuple of ProposedClass
        What can be accepted.
    notices : tuple of str
        Sentences about it.
    made : str
        When, in ISO format.
    """

    case: str
    model: str
    title: str
    weights_sha256: str
    settings: str
    classes: tuple[ProposedClass, ...]
    notices: tuple[str, ...]
    made: str


# A proposal is the one thing that is brought to a project without the right to change it, so that
# a job can bring it while a window works on the project. That is safe, because
# - it is one file, put in its place whole, and the project's own file knows nothing of it: a reader
#   finds the old one, the new one or none, and no mask changes by it;
# - who accepts or discards says which proposal was looked at, and another one that has come since
#   is left alone. Where it comes in the moment between that look and the removal, it is lost: no
#   work of a person, and the next run makes it again, as it neither waits nor was accepted;
# - a case can be removed meanwhile. Whoever brings a proposal looks afterwards whether the case is
#   still there, and whoever removes the case removes the file afterwards: the later one cleans up.


def save_proposal(project: Project, case_id: str, proposal: Proposal) -> None:
    """Keep a proposal for a case, in place of the one before; the project may be open elsewhere.

    Raises
    ------
    UsageError
        If there is no such case, or it was removed meanwhile.
    SaveError
        If it is not of the case's grid, or cannot be written; the one before is kept then.
    """
    shape = project.case(case_id).grid.shape
    if proposal.labels.shape != shape:
        raise SaveError(f"a proposal of {proposal.labels.shape} voxels", expected=f"{shape}")
    require_room(project)
    path = _path(project.folder, case_id)
    atomic_write(
        path,
        lambda part: proposal_file.write(part, proposal),
        lambda part: proposal_file.compare(part, proposal),
    )
    try:
        project.case(case_id)
    except UsageError:
        forget_proposal(project.folder, case_id)
        raise


def require_room(project: Project) -> None:
    """Make the folder for proposals, unless it is there.

    Raises
    ------
    SaveError
        If nothing can be written there.
    """
    folder = project.folder / _FOLDER
    try:
        folder.mkdir(exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError
    except OSError as error:
        raise SaveError(
            f"the folder '{_FOLDER}' of the project may not be written",
            do="Copy the project's folder to a place where you may write",
        ) from error


def read_proposal(project: Project, case_id: str) -> Proposal | None:
    """Return what waits for a case; None where nothing does.

    Raises
    ------
    UnreadableFileError
        If its file is damaged or belongs to another image.
    """
    shape = project.case(case_id).grid.shape
    path = _path(project.folder, case_id)
    return proposal_file.read(path, shape) if path.is_file() else None


def pending(project: Project) -> tuple[Pending, ...]:
    """Return what waits, in the order of the cases; a file that cannot be read is left out."""
    found = (_pending(project, case.id) for case in project.cases())
    return tuple(one for one in found if one is not None)


def waiting_cases(project: Project) -> tuple[str, ...]:
    """Return the ids of the cases for which something waits, unread: quick with many cases."""
    try:
        files = {path.name for path in (project.folder / _FOLDER).iterdir()}
    except OSError:
        return ()
    return tuple(case.id for case in project.cases() if f"{case.id}{_SUFFIX}" in files)


def pending_for(project: Project, case_id: str) -> Pending | None:
    """Return what waits for one case, without its voxels; None where nothing does."""
    project.case(case_id)
    return _pending(project, case_id)


def discard_proposal(project: Project, case_id: str, looked_at: Proposal | None = None) -> None:
    """Take a proposal away; nothing happens where there is none, or another one than looked at.

    Raises
    ------
    ReadOnlyError
        If the project may only be looked at.
    SaveError
        If the file cannot be removed.
    """
    _require_writable(project)
    project.case(case_id)
    if looked_at is None or _waits(project, case_id, looked_at):
        forget_proposal(project.folder, case_id)


def keep_rest(
    project: Project, case_id: str, accepted: Collection[int], looked_at: Proposal | None = None
) -> None:
    """Keep of a proposal what was not accepted; take it away when all was.

    Parameters
    ----------
    project : Project
        The project.
    case_id : str
        The case.
    accepted : collection of int
        Values of classes.
    looked_at : Proposal, optional
        What they were accepted of: where another one waits by now, that one stays as it is.

    Raises
    ------
    ReadOnlyError, SaveError, UnreadableFileError
        As the functions above.
    """
    _require_writable(project)
    if looked_at is not None and not _waits(project, case_id, looked_at):
        return
    found = read_proposal(project, case_id)
    left = found.without(accepted) if found is not None else None
    if left is not None and left.classes:
        save_proposal(project, case_id, left)
    else:
        discard_proposal(project, case_id)


def forget_proposal(folder: Path, case_id: str) -> None:
    """Remove the file of a case from a project's folder, whoever may write to the project."""
    try:
        _path(folder, case_id).unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(
            f"the proposal for {case_id} could not be removed", do="Close what has it open"
        ) from error


def _waits(project: Project, case_id: str, proposal: Proposal) -> bool:
    """Tell whether it is this proposal, or a rest of it, that waits."""
    there = _pending(project, case_id)
    if there is None:
        return False
    mine = (proposal.weights_sha256, to_json(dict(proposal.settings)), proposal.made)
    return (there.weights_sha256, there.settings, there.made) == mine


def _require_writable(project: Project) -> None:
    if project.read_only:
        raise ReadOnlyError(project.why_read_only.rstrip("."))
    project.keep_alive()  # another window may have taken the project over


def _path(folder: Path, case_id: str) -> Path:
    return folder / _FOLDER / f"{case_id}{_SUFFIX}"


def _pending(project: Project, case_id: str) -> Pending | None:
    path = _path(project.folder, case_id)
    if not path.is_file():
        return None
    try:
        about = proposal_file.read_about(path)
    except UnreadableFileError:
        return None
    settings = to_json(about.pop("settings"))
    return Pending(case=case_id, settings=settings, **about)
