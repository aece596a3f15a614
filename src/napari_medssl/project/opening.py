"""Making a project, and opening one that may have been moved, copied, or left open elsewhere."""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from napari_medssl.errors import ProjectError, ReadOnlyError, SaveError
from napari_medssl.io import atomic_write
from napari_medssl.project.label_states import label_table
from napari_medssl.project.lease import Lease, left_elsewhere
from napari_medssl.project.project import Project
from napari_medssl.project.schema import FILE_NAME, bring_up_to_date, build, require_project
from napari_medssl.project.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_medssl.io import LabelInfo
    from napari_medssl.project.label_states import LabelState

_READ_VERSION_AT, _WAL = 19, 2
_SHOWN = 60  # letters of a name in a sentence


def create_project(
    folder: str | Path, *, name: str = "", labels: Iterable[LabelState | LabelInfo] = ()
) -> Project:
    """Make a project in a folder, which is made if need be, and open it.

    Parameters
    ----------
    folder : str or Path
        The project's folder; other files in it do not matter.
    name : str
        Name for people; the folder's where none is given.
    labels : sequence of LabelState or LabelInfo
        The label table.

    Raises
    ------
    ProjectError
        If there is a project already.
    SaveError
        If it could not be written.
    UsageError
        If two labels have the same value; nothing is made then.
    """
    folder = Path(folder)
    file, table = folder / FILE_NAME, label_table(labels)
    try:
        there_already = file.exists()
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(
            f"the folder '{folder.name[:_SHOWN]}' could not be made",
            do="Choose another place, or a shorter name",
        ) from error
    if there_already:
        raise ProjectError(
            f"there is a project in '{folder.absolute().name}' already",
            do="Open it, or choose another folder",
        )
    settings = {"name": name or folder.absolute().name, "salt": secrets.token_hex(16)}
    atomic_write(file, lambda part: build(part, settings))
    project = open_project(folder)
    project.set_labels(table)
    return project


def open_project(
    folder: str | Path, *, read_only: bool = False, accept_incomplete: bool = False
) -> Project:
    """Open a project; for looking only, where it may not be changed: `Project.why_read_only` says.

    Parameters
    ----------
    folder : str or Path
        The project's folder, or its file.
    read_only : bool
        Whether to change nothing, even where one may.
    accept_incomplete : bool
        Whether to go on with a copy of which the last steps were not copied.

    Raises
    ------
    ProjectError
        If there is no project, it is damaged, or of a newer version; it was not touched then.
    """
    folder = Path(folder)
    folder = folder.parent if folder.name == FILE_NAME and folder.is_file() else folder
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise ProjectError(f"'{folder.name}' {what}", expected="the folder of a project")
    file = folder / FILE_NAME
    header = require_project(file)
    if read_only:
        return _for_looking(file, ReadOnlyError("the project was opened only to be looked at"))
    if not accept_incomplete and (refusal := _without_its_log(file, header)):
        return _for_looking(file, refusal)
    try:
        return _for_work(file)
    except ReadOnlyError as error:
        return _for_looking(file, error)


def _for_work(file: Path) -> Project:
    store = Store(file)
    try:
        lease = Lease(store)
        bring_up_to_date(store)
        return Project(store, lease)
    except BaseException:
        store.close()
        raise


def _for_looking(file: Path, refusal: ReadOnlyError) -> Project:
    return Project(Store(file, refusal), None)


def _without_its_log(file: Path, header: bytes) -> ReadOnlyError | None:
    """Say so, if the file was copied while it was open, and its log was not copied along."""
    log = file.with_name(f"{file.name}-wal")
    if header[_READ_VERSION_AT] != _WAL or (log.exists() and log.stat().st_size):
        return None
    refusal = ReadOnlyError(
        f"the last steps of this copy are missing: '{log.name}' was not copied with it",
        do="Copy that file too, or go on without them by 'medssl project check FOLDER --accept'",
    )
    with closing(Store(file, refusal)) as store:
        return refusal if left_elsewhere(store) else None
