"""The gate of NIfTI: magic, data type, sizes, where the voxels begin, how they scale."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.gate import check_sizes

if TYPE_CHECKING:
    from napari_medssl.volume.geometry import Shape

LONGEST_HEADER = 540
#: length of a header -> how to find its dim[0], and the marks of one file and of a pair
_VERSIONS = {
    348: ("h", 40, b"n+1\0", b"ni1\0", 344),
    540: ("q", 16, b"n+2\0", b"ni2\0", 4),
}
_EXPORT_AGAIN = "Export the image again from the scanner or the tool that wrote it"


def begins_like_nifti(head: bytes) -> bool:
    """Tell by its first bytes whether an unpacked file is NIfTI, or the Analyze before it."""
    return _byte_order(head) is not None


def _byte_order(head: bytes) -> str | None:
    for order in "<>":
        length = struct.unpack(f"{order}i", head[:4])[0] if len(head) >= 4 else 0
        if length in _VERSIONS and len(head) >= length:
            kind, at = _VERSIONS[length][:2]
            if 1 <= struct.unpack_from(order + kind, head, at)[0] <= 7:
                return order
    return None


@dataclass(frozen=True)
class NiftiHeader:
    """A NIfTI header of which type and sizes have been checked.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    fields : Nifti1Header or Nifti2Header
        As nibabel takes it from the file, in the file's byte order, nothing put right.

    Raises
    ------
    UnreadableFileError
        If sizes or data type are not of the standard.
    UnsupportedFormatError
        If there is more than one number a voxel, or more than four dimensions.
    """

    name: str
    fields: Any  # nibabel has no types

    def __post_init__(self) -> None:
        dim = [int(n) for n in self.fields["dim"]]
        check_sizes(self.name, tuple(dim[1 : dim[0] + 1]))
        if dim[0] == 1 or any(n > 1 for n in dim[5 : dim[0] + 1]):
            raise UnsupportedFormatError(
                f"'{self.name}' has {dim[0]} dimensions",
                expected="two, three, or four of which the last is time",
                do="Save the part to look at as an image of its own",
            )
        dtype = self.dtype
        if not dtype.names and (dtype.kind not in "iuf" or dtype.itemsize > 8):
            raise UnsupportedFormatError(
                f"'{self.name}' holds numbers of the type {dtype.name}",
                expected="grey values or colour",
            )

    @classmethod
    def from_bytes(cls, name: str, head: bytes) -> NiftiHeader:
        """Take the header from the first bytes of the unpacked file."""
        from nibabel import Nifti1Header, Nifti2Header

        order = _byte_order(head)
        if order is None:
            raise UnreadableFileError(
                f"'{name}' does not begin with a NIfTI header",
                expected="what its name says",
                do="Check where the file came from, and copy or download it again",
            )
        (length,) = struct.unpack(f"{order}i", head[:4])
        _, _, one_file, pair, at = _VERSIONS[length]
        if head[at : at + 4] not in (one_file, pair):
            raise UnreadableFileError(
                f"the header of '{name}' lacks the mark of a NIfTI file",
                expected="NIfTI-1 or NIfTI-2 (the older Analyze does not tell left from right)",
                do=_EXPORT_AGAIN,
            )
        kind: Any = Nifti1Header if length == 348 else Nifti2Header
        return cls(name, kind(head[:length], endianness=order, check=False))

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
    def dtype(self) -> np.dtype[Any]:
        """Type of a voxel, with names where it is colour, in the file's byte order."""
        from nibabel.spatialimages import HeaderDataError

        try:
            found: np.dtype[Any] = self.fields.get_data_dtype()
        except (HeaderDataError, KeyError):
            raise UnreadableFileError(
                f"the header of '{self.name}' names the unknown data type "
                f"{self.fields['datatype']}",
                expected="one of the NIfTI standard",
                do=_EXPORT_AGAIN,
            ) from None
        return found

    @property
    def bytes_per_volume(self) -> int:
        """Bytes of one 3-D volume."""
        i, j, k = self.sizes
        return i * j * k * self.dtype.itemsize

    @property
    def detached(self) -> bool:
        """True when the voxels lie in an ``.img`` file beside the header."""
        return bytes(self.fields["magic"]).startswith(b"ni")

    @property
    def voxel_offset(self) -> int:
        """Bytes of the unpacked file before the first voxel."""
        stated = float(self.fields["vox_offset"])
        least = 0 if self.detached else int(self.fields.sizeof_hdr)
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
        if self.dtype.names or slope == 0 or np.isnan(slope) or (slope, intercept) == (1, 0):
            return None
        if not np.isfinite([slope, intercept]).all():
            raise UnreadableFileError(
                f"'{self.name}' multiplies its values by {slope:g} and adds {intercept:g}",
                expected="two finite numbers",
                do=_EXPORT_AGAIN,
            )
        return slope, intercept
