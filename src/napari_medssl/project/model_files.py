"""The files of a project's models: copied in whole, with their cards, and never changed."""

from __future__ import annotations

import hashlib
import shutil
from functools import partial
from typing import TYPE_CHECKING

from napari_medssl.errors import SaveError, WeightsError
from napari_medssl.io import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

#: of a project's folder
MODELS = "models"

_SUFFIX, _CARD = ".safetensors", ".json"


def copy_model(weights: Path, sha256: str, project: Path) -> Path:
    """Copy weights and the card beside them into a project; return where the weights are now.

    Parameters
    ----------
    weights : Path
        A safetensors file.
    sha256 : str
        What its card says of it: only the very bytes are taken.
    project : Path
        The project's folder.

    Raises
    ------
    WeightsError
        If a file is missing, or is not the one that the card was made for.
    SaveError
        If it could not be written.
    """
    target = _room(project) / f"{sha256[:8]}{_SUFFIX}"
    _copy(weights, target, sha256)
    _copy(weights.with_suffix(_CARD), target.with_suffix(_CARD), None)
    return target


def _room(project: Path) -> Path:
    folder = project / MODELS
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise SaveError(
            f"the folder '{MODELS}' of the project may not be written",
            do="Copy the project's folder to a place where you may write",
        ) from error
    return folder


def _copy(source: Path, target: Path, sha256: str | None) -> None:
    def verify(part: Path) -> None:
        with part.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if sha256 is not None and found != sha256:
            raise WeightsError(
                f"'{source.name}' is not the file its card was made for", do="Learn once more"
            )

    if not source.is_file():
        raise WeightsError(f"'{source.name}' is missing", do="Learn once more")
    atomic_write(target, partial(_fill, source), verify)


def _fill(source: Path, part: Path) -> None:
    shutil.copyfile(source, part)
