"""Reading DICOM: a folder, one file of a series, a DICOMDIR, a multi-frame file, a cine.

Headers first, without pixels: files are grouped into stacks and laid on a grid, which says what is
missing, tilted or mixed. Only then are the pixels of one volume decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError, UnreadableFileError, UsageError
from napari_medssl.io.dicom.files import (
    Found,
    files_below,
    files_beside,
    files_listed,
    find_images,
    is_dicomdir,
    looks_like_dicom,
    not_dicom,
)
from napari_medssl.io.dicom.headers import read_image_file
from napari_medssl.io.dicom.notices import about_choice, about_neighbours, about_volumes
from napari_medssl.io.dicom.stacks import Stack, stacks_of
from napari_medssl.io.dicom.volume import load_volume
from napari_medssl.io.gate import check_volume, regular_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.volume import Volume


@dataclass(frozen=True)
class SeriesSummary:
    """One stack of slices that can be opened, for choosing.

    Parameters
    ----------
    number : int
        What ``series`` of `read_dicom` takes; from 0.
    description : str
        The scanner's description: to be shown on screen, never logged.
    modality : str
        DICOM's code, such as ``"CT"``.
    slices : int
        Slices, or frames, of one volume.
    size : (int, int)
        Columns and rows of a slice.
    volumes : int
        How many volumes (echoes, time points, b-values) it holds.
    """

    number: int
    description: str
    modality: str
    slices: int
    size: tuple[int, int]
    volumes: int = 1


def list_series(path: str | Path) -> tuple[SeriesSummary, ...]:
    """List what a folder, a DICOMDIR or the folder of a file holds.

    Raises
    ------
    UnreadableFileError
        If there is no DICOM image.
    """
    _, stacks = survey(Path(path))
    return tuple(
        SeriesSummary(
            number=number,
            description=stack.first.file.description,
            modality=stack.first.file.modality,
            slices=stack.size[2],
            size=stack.size[:2],
            volumes=len(stack.volumes),
        )
        for number, stack in enumerate(stacks)
    )


def read_dicom(path: Path, *, volume: int = 0, series: int | None = None) -> Volume:
    """Read one volume.

    Parameters
    ----------
    path : Path
        A folder, a DICOMDIR, or any file: then the stack that the file belongs to is read from
        its folder.
    volume : int
        Which of several volumes at the same places (echoes, time points), from 0.
    series : int, optional
        Which stack, as `list_series` numbers them; without it the one that a named file belongs
        to, else the one with most slices.

    Raises
    ------
    UnreadableFileError
        If files are damaged, cut off or too large for the memory.
    UnsupportedFormatError
        If it is a DICOM object but no image, or compressed in a way we cannot decode.
    GeometryError
        If the slices cannot be laid on one grid.
    UsageError
        If there is no such series or volume.
    """
    named = not path.is_dir() and not is_dicomdir(path)
    found, stacks = survey(path)
    chosen = _choose(path, stacks, series, named=named)
    stack = stacks[chosen]
    check_volume(path.name, volume, len(stack.volumes))
    said = about_choice(chosen, stacks, asked=named or series is not None)
    said += about_volumes(stack, volume, stack.volume_with(path))
    if not named or stack.is_placed:  # nothing beside a named picture can belong to it
        said += about_neighbours(found, named=named)
    return load_volume(path, stack, volume, tuple(said))


def survey(path: Path) -> tuple[Found, tuple[Stack, ...]]:
    """Read all headers that belong to a path and sort them into stacks."""
    if path.is_dir():
        found = find_images(files_below(path))
    elif is_dicomdir(path):
        found = find_images(files_listed(path))
    else:
        regular_file(path)
        if not looks_like_dicom(path):
            raise not_dicom(path)
        read_image_file(path)  # what is wrong with the named file is said, not passed over
        found = find_images(files_beside(path))
    if not found.images:
        raise _nothing(path, found)
    return found, stacks_of(found.images)


def _nothing(path: Path, found: Found) -> MedSSLError:
    if len(found.broken) + len(found.others) == 1:
        return (*found.broken, *found.others)[0]
    what = ""
    if found.broken:
        what = f"; {len(found.broken)} damaged files, the first: {found.broken[0].came}"
    elif found.others:
        what = f"; {len(found.others)} other DICOM objects, the first: {found.others[0].came}"
    return UnreadableFileError(
        f"'{path.name}' holds no DICOM image that can be read{what}",
        do="Choose the folder that holds the DICOM files; files of other formats are named one by "
        "one",
    )


def _choose(path: Path, stacks: Sequence[Stack], series: int | None, *, named: bool) -> int:
    if series is not None:
        if not 0 <= series < len(stacks):
            raise UsageError(
                f"series {series} of '{path.name}'", expected=f"0 to {len(stacks) - 1}"
            )
        return series
    if named:
        return next(n for n, stack in enumerate(stacks) if stack.volume_with(path) is not None)
    return max(range(len(stacks)), key=lambda n: (stacks[n].size[2], len(stacks[n].volumes), -n))
