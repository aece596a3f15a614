"""What the text header of a NRRD, MHA or MHD file says, in terms that the three share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError, UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.assemble import Placement
from napari_medssl.io.gate import COPY_AGAIN, check_sizes
from napari_medssl.volume import Geometry, Modality, Notice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from napari_medssl.io.payload import Payload

_MOST_HEADER_BYTES = 1 << 20

_SPACING_ASSUMED = Notice(
    "spacing-assumed", "The file gives no voxel size; 1 mm is assumed along each axis."
)
_ORIENTATION_UNKNOWN = Notice(
    "orientation-unknown",
    "The file does not say which side is which. It is shown as if its first axis ran to the "
    "patient's left, its second to the back and its third to the head: check left and right.",
)


@dataclass(frozen=True)
class GridHeader:
    """Type, sizes, place and payload of an image with a text header.

    Parameters
    ----------
    sizes : tuple of int
        Of all axes, the fastest first, as the file lists them.
    dtype : dtype
        Of one number, in the file's byte order.
    placement : Placement
        Where the (up to three) axes of space are.
    payload : Payload
        Where the bytes are.
    colour_axis, volume_axis : int or None
        Which axis of ``sizes``, if any, is colour, or counts volumes.
    modality : str or None
        If the header says it.

    Raises
    ------
    UnreadableFileError
        If the payload is not as long as sizes and type ask for.
    """

    sizes: tuple[int, ...]
    dtype: np.dtype[Any]
    placement: Placement
    payload: Payload
    colour_axis: int | None = None
    volume_axis: int | None = None
    modality: Modality | None = None

    @property
    def volumes(self) -> int:
        """How many 3-D volumes the file holds."""
        return 1 if self.volume_axis is None else self.sizes[self.volume_axis]

    @property
    def volumes_follow(self) -> bool:
        """True when each volume is one piece of the file, so that one can be read by itself."""
        return self.volume_axis == len(self.sizes) - 1


def bytes_of(name: str, sizes: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Return the bytes of a grid, in whole numbers that cannot overflow."""
    check_sizes(name, sizes)
    total = dtype.itemsize
    for size in sizes:
        total *= size
    return total


def head_text(path: Path) -> bytes:
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


def numbers(path: Path, what: str, text: str, count: int) -> list[float]:
    """Return the ``count`` numbers of a header line."""
    try:
        found = [float(part) for part in text.split()]
    except ValueError:
        found = []
    if len(found) != count:
        raise broken(path, what)
    return found


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


def place(
    path: Path, sizes: Sequence[int], steps: NDArray[np.float64], origin: ArrayLike
) -> Geometry:
    """Return the grid of two or three axes in LPS millimetres; a missing third one is made up.

    Parameters
    ----------
    path : Path
        The header, for messages.
    sizes : sequence of int
        Voxels along each axis of space, at least two of them.
    steps : (2 or 3, 3) array
        World step (x, y, z) in mm, LPS+, from one voxel to the next along each axis.
    origin : (3,) array
        World position of the first voxel.

    Raises
    ------
    GeometryError
        If the grid cannot be inverted or a voxel has no sane size.
    UnsupportedFormatError
        If there are fewer or more axes.
    """
    if not 2 <= len(sizes) <= 3:
        raise UnsupportedFormatError(
            f"'{path.name}' has {len(sizes)} axes in space", expected="two or three"
        )
    affine = np.eye(4)
    affine[:3, : len(steps)] = steps.T
    affine[:3, 3] = origin
    if len(sizes) == 2:
        across = np.cross(affine[:3, 0], affine[:3, 1])
        length = np.linalg.norm(across)
        affine[:3, 2] = across / length if length > 0 else np.nan
    try:
        # damaged numbers are found, not warned of
        with np.errstate(over="ignore", invalid="ignore"):
            return Geometry.from_affine((*sizes, 1)[:3], affine)
    except GeometryError as error:
        raise GeometryError(
            f"the header of '{path.name}' cannot be used: {error.came}",
            expected=error.expected,
            do=error.do,
        ) from None


def placed(geometry: Geometry, *, spacing_known: bool, orientation_known: bool) -> Placement:
    """Return the grid with the notices for what is not known."""
    doubts = ((spacing_known, _SPACING_ASSUMED), (orientation_known, _ORIENTATION_UNKNOWN))
    notices = tuple(notice for known, notice in doubts if not known)
    return Placement(geometry, spacing_known, orientation_known, notices)
