"""The header of a NIfTI file, checked: type, sizes, where the voxels begin, how they scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.gate import check_sizes
from napari_medssl.io.nifti_layout import (
    DATATYPES,
    MAGIC,
    NIFTI_1,
    NOT_GREY,
    RGB,
    RGBA,
    byte_order,
    layout_of,
)

if TYPE_CHECKING:
    from napari_medssl.volume.geometry import Shape

_EXPORT_AGAIN = "Export the image again from the scanner or the tool that wrote it"


@dataclass(frozen=True)
class NiftiHeader:
    """A NIfTI header of which type and sizes have been checked.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    fields : structured scalar
        The fields by their names in the standard, in the file's byte order.

    Raises
    ------
    UnreadableFileError
        If sizes or data type are not of the standard.
    UnsupportedFormatError
        If there is more than one number a voxel, or more than four dimensions.
    """

    name: str
    fields: np.void

    def __post_init__(self) -> None:
        dim = [int(n) for n in self.fields["dim"]]
        check_sizes(self.name, tuple(dim[1 : dim[0] + 1]))
        if dim[0] == 1 or any(n > 1 for n in dim[5 : dim[0] + 1]):
            raise UnsupportedFormatError(
                f"'{self.name}' has {dim[0]} dimensions",
                expected="two, three, or four of which the last is time",
                do="Save the part to look at as an image of its own",
            )
        code = int(self.fields["datatype"])
        if code in NOT_GREY:
            raise UnsupportedFormatError(
                f"'{self.name}' holds {NOT_GREY[code]} numbers", expected="grey values or colour"
            )
        if code not in DATATYPES and not self.channels:
            raise UnreadableFileError(
                f"the header of '{self.name}' names the unknown data type {code}",
                expected="one of the NIfTI standard",
                do=_EXPORT_AGAIN,
            )

    @classmethod
    def from_bytes(cls, name: str, head: bytes) -> NiftiHeader:
        """Take the header from the first bytes of the unpacked file."""
        layout = layout_of(head)
        if layout is None:
            raise UnreadableFileError(
                f"'{name}' does not begin with a NIfTI header",
                expected="what its name says",
                do="Check where the file came from, and copy or download it again",
            )
        fields = np.frombuffer(head[: layout.itemsize], layout)[0]
        if fields["magic"] not in MAGIC[layout.itemsize]:
            raise UnreadableFileError(
                f"the header of '{name}' lacks the mark of a NIfTI file",
                expected="NIfTI-1 or NIfTI-2 (the older Analyze does not tell left from right)",
                do=_EXPORT_AGAIN,
            )
        return cls(name, fields)

    @property
    def raw(self) -> bytes:
        """The header's own bytes."""
        return self.fields.tobytes()

    @property
    def sizes(self) -> Shape:
        """Voxels along i, j, k."""
        dim = self.fields["dim"]
        return int(dim[1]), int(dim[2]), int(dim[3]) if dim[0] > 2 else 1

    @property
    def volumes(self) -> int:
        """How many 3-D volumes follow one another."""
        return int(self.fields["dim"][4]) if self.fields["dim"][0] > 3 else 1

    @property
    def channels(self) -> int:
        """3 or 4 bytes of colour a voxel; 0 for grey values."""
        return {RGB: 3, RGBA: 4}.get(int(self.fields["datatype"]), 0)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one grey value, or of one channel, in the file's byte order."""
        code = "u1" if self.channels else DATATYPES[int(self.fields["datatype"])]
        return np.dtype(byte_order(self.fields.dtype) + code)

    @property
    def bytes_per_volume(self) -> int:
        """Bytes of one 3-D volume."""
        i, j, k = self.sizes
        return i * j * k * max(1, self.channels) * self.dtype.itemsize

    @property
    def is_version_2(self) -> bool:
        """True for NIfTI-2."""
        return self.fields.dtype.itemsize != NIFTI_1.itemsize

    @property
    def detached(self) -> bool:
        """True when the voxels lie in an ``.img`` file beside the header."""
        return bool(self.fields["magic"] == MAGIC[self.fields.dtype.itemsize][1])

    @property
    def voxel_offset(self) -> int:
        """Bytes of the unpacked file before the first voxel."""
        stated = float(self.fields["vox_offset"])
        least = 0 if self.detached else self.fields.dtype.itemsize
        if stated == 0:
            return least and least + 4
        if not (np.isfinite(stated) and least <= stated < 2**53 and stated == int(stated)):
            raise UnreadableFileError(
                f"the header of '{self.name}' says that its voxels begin at byte {stated:g}",
                expected=f"{least + 4} or a little more",
                do=_EXPORT_AGAIN,
            )
        return int(stated)

    @property
    def scaling(self) -> tuple[float, float] | None:
        """Slope and intercept that turn stored numbers into values; None where they are values."""
        slope, intercept = float(self.fields["scl_slope"]), float(self.fields["scl_inter"])
        # a slope of zero, or none, means "not scaled"
        if self.channels or slope == 0 or np.isnan(slope) or (slope, intercept) == (1, 0):
            return None
        if not np.isfinite([slope, intercept]).all():
            raise UnreadableFileError(
                f"'{self.name}' multiplies its values by {slope:g} and adds {intercept:g}",
                expected="two finite numbers",
                do=_EXPORT_AGAIN,
            )
        return slope, intercept
