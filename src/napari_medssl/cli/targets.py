"""Files that a command is about to write, and those it finds in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def require_free(target: Path, *, force: bool, own: Path | None = None) -> None:
    """Refuse to replace a file that was not asked to be replaced.

    Parameters
    ----------
    target : Path
        The file to write.
    force : bool
        Whether the user said that it may be replaced.
    own : Path, optional
        The file that is being changed, which may be replaced by what it becomes.

    Raises
    ------
    UsageError
        If another file is there.
    """
    if force or not target.exists() or (own is not None and own.exists() and target.samefile(own)):
        return
    raise UsageError(f"'{target.name}' exists already", do="Choose another name, or add --force")
