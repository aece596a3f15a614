"""What models propose for the cases of a project: a file a case, until it is accepted or not."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct.journal import to_json
from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.errors import ReadOnlyError, SaveError, UnreadableFileError
from napari_medssl.io import atomic_write

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.project.project import Project

_FOLDER, _SUFFIX = "proposals", ".npz"
_LABELS, _UNCERTAINTY, _ABOUT = "labels", "uncertainty", "about"
_FORMAT = 1
_MOST_ABOUT = 1 << 22


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


def save_proposal(project: Project, case_id: str, proposal: Proposal) -> None:
    """Keep a proposal for a case, in place of the one before.

    Raises
    ------
    ReadOnlyError
        If the project may only be looked at.
    SaveError
        If it is not of the case's grid, or cannot be written; the one before is kept then.
    """
    _require_writable(project)
    shape = project.case(case_id).grid.shape
    if proposal.labels.shape != shape:
        raise SaveError(f"a proposal of {proposal.labels.shape} voxels", expected=f"{shape}")
    path = _path(project.folder, case_id)
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise SaveError(f"the folder '{_FOLDER}' could not be made in the project") from error
    atomic_write(path, lambda part: _write(part, proposal), lambda part: _compare(part, proposal))


def read_proposal(project: Project, case_id: str) -> Proposal | None:
    """Return what waits for a case; None where nothing does.

    Raises
    ------
    UnreadableFileError
        If its file is damaged or belongs to another image.
    """
    shape = project.case(case_id).grid.shape
    path = _path(project.folder, case_id)
    return _read(path, shape) if path.is_file() else None


def pending(project: Project) -> tuple[Pending, ...]:
    """Return what waits, in the order of the cases; a file that cannot be read is left out."""
    found = (_pending(project, case.id) for case in project.cases())
    return tuple(one for one in found if one is not None)


def pending_for(project: Project, case_id: str) -> Pending | None:
    """Return what waits for one case, without its voxels; None where nothing does."""
    project.case(case_id)
    return _pending(project, case_id)


def discard_proposal(project: Project, case_id: str) -> None:
    """Take a proposal away; nothing happens where there is none.

    Raises
    ------
    ReadOnlyError
        If the project may only be looked at.
    SaveError
        If the file cannot be removed.
    """
    _require_writable(project)
    project.case(case_id)
    forget_proposal(project.folder, case_id)


def keep_rest(project: Project, case_id: str, accepted: Collection[int]) -> None:
    """Keep of a proposal what was not accepted; take it away when all was.

    Raises
    ------
    ReadOnlyError, SaveError, UnreadableFileError
        As the functions above.
    """
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


def _require_writable(project: Project) -> None:
    if project.read_only:
        raise ReadOnlyError(project.why_read_only.rstrip("."))
    project.keep_alive()  # another window may have taken the project over


def _path(folder: Path, case_id: str) -> Path:
    return folder / _FOLDER / f"{case_id}{_SUFFIX}"


def _write(part: Path, proposal: Proposal) -> None:
    about = {
        "format": _FORMAT,
        "model": proposal.model,
        "title": proposal.title,
        "weights_sha256": proposal.weights_sha256,
        "settings": dict(proposal.settings),
        "classes": [asdict(one) for one in proposal.classes],
        "notices": list(proposal.notices),
        "made": proposal.made,
    }
    arrays: dict[str, Any] = {
        _ABOUT: np.frombuffer(to_json(about).encode("utf-8"), np.uint8),
        _LABELS: proposal.labels,
    }
    if proposal.uncertainty is not None:
        arrays[_UNCERTAINTY] = proposal.uncertainty
    np.savez_compressed(part, **arrays)


def _compare(part: Path, proposal: Proposal) -> None:
    if not np.array_equal(_read(part, proposal.labels.shape).labels, proposal.labels):
        raise SaveError("a proposal that was not read back as it was written")


def _pending(project: Project, case_id: str) -> Pending | None:
    path = _path(project.folder, case_id)
    if not path.is_file():
        return None
    try:
        with _opened(path) as file:
            about = _about(file, path)
    except UnreadableFileError:
        return None
    settings = to_json(about.pop("settings"))
    return Pending(case=case_id, settings=settings, **about)


def _read(path: Path, shape: tuple[int, ...]) -> Proposal:
    with _opened(path) as file:
        about = _about(file, path)
        labels = _array(file, _LABELS, path, shape)
        maps = f"{_UNCERTAINTY}.npy" in file.namelist()
        uncertainty = _array(file, _UNCERTAINTY, path, shape) if maps else None
    return Proposal(labels=labels, uncertainty=uncertainty, **about)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error


def _about(file: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        if file.getinfo(f"{_ABOUT}.npy").file_size > _MOST_ABOUT:
            raise ValueError("too long")
        with file.open(f"{_ABOUT}.npy") as stream:
            told = json.loads(np.lib.format.read_array(stream, allow_pickle=False).tobytes())
        if told.pop("format") != _FORMAT:
            raise ValueError("another format")
        return {
            **{key: str(told[key]) for key in ("model", "title", "weights_sha256", "made")},
            "settings": dict(told["settings"]),
            "notices": tuple(str(text) for text in told["notices"]),
            "classes": tuple(_class(one) for one in told["classes"]),
        }
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error


def _class(told: dict[str, Any]) -> ProposedClass:
    colour = told["colour"]
    rgb = None if colour is None else (int(colour[0]), int(colour[1]), int(colour[2]))
    return ProposedClass(int(told["value"]), str(told["name"]), rgb)


def _array(file: zipfile.ZipFile, name: str, path: Path, shape: tuple[int, ...]) -> NDArray[Any]:
    """Read an array, whose header must tell the case's grid before anything is inflated."""
    try:
        with file.open(f"{name}.npy") as stream:
            version = np.lib.format.read_magic(stream)
            if version != (1, 0):
                raise ValueError("an unknown layout")
            found, _, kind = np.lib.format.read_array_header_1_0(stream)
        if found != shape or kind.kind != "u":
            raise ValueError("not of this image")
        with file.open(f"{name}.npy") as stream:
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error
    return array


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"the proposal '{path.name}' is damaged or was made for another image",
        do="Discard it, and run the model again",
    )
