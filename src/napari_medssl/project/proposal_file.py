"""The file of a proposal: its voxels packed, what is known of it beside them."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct.journal import to_json
from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.errors import SaveError, UnreadableFileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LABELS, _UNCERTAINTY, _ABOUT = "labels", "uncertainty", "about"
_FORMAT = 1
_MOST_ABOUT = 1 << 22


def write(part: Path, proposal: Proposal) -> None:
    """Fill a file with a proposal."""
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


def compare(part: Path, proposal: Proposal) -> None:
    """Read a file back; `SaveError` if it does not hold the proposal."""
    if not np.array_equal(read(part, proposal.labels.shape).labels, proposal.labels):
        raise SaveError("a proposal that was not read back as it was written")


def read(path: Path, shape: tuple[int, ...]) -> Proposal:
    """Read a proposal for an image of a shape (z, y, x).

    Raises
    ------
    UnreadableFileError
        If the file is damaged or belongs to another image.
    """
    with _opened(path) as file:
        about = _about(file, path)
        labels = _array(file, _LABELS, path, shape)
        maps = f"{_UNCERTAINTY}.npy" in file.namelist()
        uncertainty = _array(file, _UNCERTAINTY, path, shape) if maps else None
    return Proposal(labels=labels, uncertainty=uncertainty, **about)


def read_about(path: Path) -> dict[str, Any]:
    """Read what a proposal is, without its voxels.

    Raises
    ------
    UnreadableFileError
        If the file is damaged.
    """
    with _opened(path) as file:
        return _about(file, path)


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
