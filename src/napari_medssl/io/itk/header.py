"""What the gate takes from a text header: where the voxels are, and what ITK does not tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError, UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.gate import COPY_AGAIN, check_sizes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.io.payload import Payload
    from napari_medssl.volume import Modality, Notice

_MOST_HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class GridHeader:
    """The checked header of a NRRD, MHA or MHD file.

    Parameters
    ----------
    dtype : dtype
        Of one number, in any byte order.
    payload : Payload
        Where the bytes are.
    counting : bool
        True when several numbers at a voxel count volumes, False when they are colour.
    spacing_known, orientation_known : bool
        False where the header is silent and ITK fills in 1 mm, or straight axes.
    mm_per_unit : float
        What one unit of the header's lengths is.
    notices : tuple of Notice
        What has to be said of the units.
    modality : str or None
        If the header says it.
    """

    dtype: np.dtype[Any]
    payload: Payload
    counting: bool = False
    spacing_known: bool = True
    orientation_known: bool = True
    mm_per_unit: float = 1.0
    notices: tuple[Notice, ...] = ()
    modality: Modality | None = None


def bytes_of(name: str, sizes: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Return the bytes of a grid, in whole numbers that cannot overflow."""
    check_sizes(name, sizes)
    total = dtype.itemsize
    for size in sizes:
        total *= size
    return total


def head_of(path: Path) -> bytes:
    """Return as much of a file as a text header may fill."""
    with path.open("rb") as file:
        return file.read(_MOST_HEADER_BYTES)


def broken(path: Path, what: str) -> UnreadableFileError:
    """Return the error for a header whose line ``what`` is missing or cannot be understood."""
    return UnreadableFileError(
        f"the header of '{path.name}' has no usable line for {what}", do=COPY_AGAIN
    )


def whole_numbers(path: Path, what: str, text: str) -> tuple[int, ...]:
    """Return the whole numbers of a header line."""
    try:
        return tuple(int(part) for part in text.split())
    except ValueError:
        raise broken(path, what) from None


def check_numbers(path: Path, what: str, text: str, count: int | None = None) -> None:
    """Raise an error unless a header line holds finite numbers, ``count`` of them.

    The library takes a word for 0, and what is missing from the next line.
    """
    try:
        found = [float(part) for part in text.split()]
    except ValueError:
        raise broken(path, what) from None
    if count is not None and len(found) != count:
        raise broken(path, what)
    if not np.isfinite(found).all():
        raise GeometryError(
            f"the header of '{path.name}' gives for {what} a number that is not finite",
            do=COPY_AGAIN,
        )


def several_files(path: Path) -> UnsupportedFormatError:
    """Return the error for a header whose voxels are spread over several files."""
    return UnsupportedFormatError(
        f"'{path.name}' spreads its voxels over several files",
        expected="one data file",
        do="Save it again as one .mha or .nrrd file",
    )


def vectors(path: Path) -> UnsupportedFormatError:
    """Return the error for several numbers a voxel that are no colour."""
    return UnsupportedFormatError(
        f"'{path.name}' holds several numbers at each voxel (a vector or tensor field)",
        expected="grey values or colour",
    )
