"""A folder that an export fills: begun, interrupted, gone on with, or whole."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError, SaveError, UnreadableFileError, UsageError
from napari_medssl.io.atomic import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOG = "medssl.json"


class ExportFolder:
    """Keeps a log beside the files, so that an interrupted export can go on.

    Parameters
    ----------
    folder : Path
        Where to write; made if need be.
    plan : mapping
        What is to be written, as plain data. Only an export of the very same plan goes on.
    files : sequence of str
        Every file of the plan, relative to the folder.
    overwrite : bool
        Whether an earlier export there may be replaced.

    Raises
    ------
    UsageError
        If the folder holds something else, or an earlier export that may not be replaced.
    SaveError
        If it cannot be written.
    """

    def __init__(
        self, folder: Path, plan: Mapping[str, Any], files: Sequence[str], *, overwrite: bool
    ) -> None:
        self.folder = folder
        self._log: dict[str, Any] = {
            "written_by": f"napari-medssl {version('napari-medssl')}",
            "note": "Research use only. Not a medical device.",
            "whole": False,
            "plan": json.loads(json.dumps(plan)),
            "files": list(files),
        }
        self._take(overwrite=overwrite)
        try:
            for name in {Path(file).parent for file in files}:
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SaveError(
                f"the folder '{folder.name}' could not be made", do="Choose another place"
            ) from error
        self.write_json(_LOG, self._log)

    def path(self, name: str) -> Path:
        """Return where a file of the plan goes."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Tell whether an interrupted export of the same plan wrote a file; it is whole then."""
        return self.path(name).is_file()

    def require_room(self, wanted: int) -> None:
        """Refuse before anything is written what will not fit.

        Raises
        ------
        SaveError
            If fewer than ``wanted`` bytes are free.
        """
        free = shutil.disk_usage(self.folder).free
        if free < wanted:
            raise SaveError(
                f"the export takes about {wanted / 1e9:,.2f} GB, and {free / 1e9:,.2f} GB are free",
                do="Make room, or choose another disk",
            )

    def write_json(self, name: str, told: Mapping[str, Any]) -> None:
        """Write a file of plain data."""
        text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"

        def write(part: Path) -> None:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)

        def verify(part: Path) -> None:
            if part.read_text("utf-8") != text:
                raise UnreadableFileError(f"'{name}' does not hold what it was given")

        atomic_write(self.path(name), write, verify)

    def finish(self) -> None:
        """Say that everything is there."""
        self.write_json(_LOG, {**self._log, "whole": True})

    def _take(self, *, overwrite: bool) -> None:
        """Make sure that the folder is free, or ours to go on with or to replace."""
        if not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir())):
            return
        before = read_log(self.folder)
        name = self.folder.absolute().name
        if before is None:
            raise UsageError(
                f"'{name}' holds other files", expected="an empty folder, or one to be made"
            )
        if not before["whole"] and before["plan"] == self._log["plan"]:
            return
        if not overwrite:
            raise UsageError(
                f"'{name}' holds an earlier export",
                do="Choose another folder, or add --overwrite",
            )
        _remove(self.folder, before["files"])


def read_log(folder: Path) -> dict[str, Any] | None:
    """Return what an export of ours says of a folder; None where there is none."""
    try:
        told = json.loads((folder / _LOG).read_text("utf-8"))
        ours = "napari-medssl" in told["written_by"] and {"whole", "plan", "files"} <= set(told)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return told if ours else None


def is_of_the_disk(error: MedSSLError) -> bool:
    """Tell a disk that is full or forbidden from a case that cannot be written."""
    return isinstance(error, SaveError) and isinstance(error.__cause__, OSError)


def _remove(folder: Path, files: Sequence[str]) -> None:
    """Remove the files of an earlier export, and nothing outside the folder."""
    top = folder.resolve()
    for name in files:
        file = folder / str(name)
        if file.is_file() and file.resolve().is_relative_to(top):
            with suppress(OSError):
                file.unlink()
