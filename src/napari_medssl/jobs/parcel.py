"""A job packed for a cluster that shares no folder: its spec, and all the files that it names."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.jobs.files import not_saved
from napari_medssl.jobs.paths import replaced
from napari_medssl.jobs.spec import SPEC, JobSpec, read_spec, spec_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_INPUTS, _PACKED = "inputs", "packed:"
_MOST_BYTES = 500 << 20
_FASTEST = 1


def pack(job_spec: JobSpec, to: Path) -> None:
    """Write a job and its inputs into a zip file.

    Every argument that is the path of a file or folder is an input; with a file come those beside
    it of the same name before the suffix, as weights have their card.

    Raises
    ------
    UsageError
        If it works on a project, whose images may lie anywhere, or is larger than 500 MB.
    SaveError
        If the disk is full.
    """
    if _names_project(job_spec.arguments):
        raise UsageError(
            "a job on a project, whose images may lie anywhere, cannot be packed",
            do="Use an engine that sees the same folders, or 'medssl finetune' on two folders",
        )
    inputs: list[Path] = []

    def packed(text: str) -> str:
        path = Path(text)
        if not path.is_absolute() or not path.exists():
            return text
        inputs.append(path)
        return f"{_PACKED}{_INPUTS}/{len(inputs) - 1}/{path.name}"

    arguments = replaced(job_spec.arguments, packed)
    try:
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=_FASTEST) as parcel:
            parcel.writestr(SPEC, spec_text(replace(job_spec, arguments=arguments)))
            for number, path in enumerate(inputs):
                for file, name in _files(path):
                    parcel.write(file, f"{_INPUTS}/{number}/{name}")
    except OSError as error:
        raise not_saved(error, to) from error
    if (size := to.stat().st_size) > _MOST_BYTES:
        raise UsageError(
            f"a job of {size / 1e6:,.0f} MB with its images",
            expected=f"at most {_MOST_BYTES / 1e6:,.0f} MB to travel with it",
            do="Use an engine that sees the same folders",
        )


def unpacked(folder: Path, at: Path) -> JobSpec:
    """Return the spec of a job whose parcel lies unpacked in a folder.

    Parameters
    ----------
    folder : Path
        Holds what was in the parcel.
    at : Path
        The folder in which its inputs will be found.

    Raises
    ------
    UnreadableFileError
        If it is damaged.
    """
    spec = read_spec(folder)

    def found(text: str) -> str:
        if not text.startswith(_PACKED):
            return text
        return str(at.absolute() / text.removeprefix(_PACKED))

    return replace(spec, arguments=replaced(spec.arguments, found))


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an input and their names in the parcel."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield file, (Path(path.name) / file.relative_to(path)).as_posix()
    else:
        for file in sorted(path.parent.glob(f"{path.stem}.*")):
            if file.is_file():
                yield file, file.name


def _names_project(value: Any) -> bool:
    if isinstance(value, dict):
        return "project" in value or any(_names_project(one) for one in value.values())
    return isinstance(value, list) and any(_names_project(one) for one in value)
