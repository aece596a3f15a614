"""One door for every format: decides by a file's content, then by its name, what reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from napari_medssl.errors import (
    MedSSLError,
    UnreadableFileError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io.gate import COPY_AGAIN, regular_file
from napari_medssl.io.itk import read_meta, read_nrrd
from napari_medssl.io.itk.nrrd import NRRD_MAGIC
from napari_medssl.io.nifti import read_nifti
from napari_medssl.io.nifti.header import LONGEST_HEADER, begins_like_nifti
from napari_medssl.io.packed import GZIP_MAGIC, read_head
from napari_medssl.io.pictures import JPEG_MAGIC, PNG_MAGIC, read_picture
from napari_medssl.io.tiff import TIFF_MAGICS, read_tiff

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.volume import Volume

SUPPORTED = (
    "NIfTI (.nii, .nii.gz), NRRD (.nrrd, .nhdr), MetaImage (.mha, .mhd), DICOM (a file or a "
    "folder), PNG, JPEG or TIFF"
)
_SUFFIXES = {
    **dict.fromkeys((".nii", ".nii.gz", ".hdr", ".img", ".hdr.gz", ".img.gz"), "nifti"),
    **dict.fromkeys((".nrrd", ".nhdr"), "nrrd"),
    **dict.fromkeys((".mha", ".mhd"), "mha"),
    **dict.fromkeys((".png", ".jpg", ".jpeg"), "picture"),
    **dict.fromkeys((".tif", ".tiff"), "tiff"),
    **dict.fromkeys((".dcm", ".dicom", ".ima"), "dicom"),
}


_Read = TypeVar("_Read")


class _Reader(Protocol):
    def __call__(self, path: Path, *, volume: int = 0) -> Volume: ...


_READERS: dict[str, _Reader] = {
    "nifti": read_nifti,
    "nrrd": read_nrrd,
    "mha": read_meta,
    "picture": read_picture,
    "tiff": read_tiff,
}


def read_volume(path: str | Path, *, volume: int = 0, series: int | None = None) -> Volume:
    """Read an image of any supported format.

    Parameters
    ----------
    path : str or Path
        A file, or a folder of DICOM files.
    volume : int
        Which 3-D volume of a 4-D image, from 0.
    series : int, optional
        Which series of a folder, by its number in `list_series`; the one with most slices when
        not given.

    Returns
    -------
    Volume
        With a `Notice` for everything that was assumed.

    Raises
    ------
    MedSSLError
        In one sentence, whatever is wrong with the file; no exception of a library comes through.
    """
    path = Path(path)
    path = path if path.name else path.resolve()  # "." and ".." have no name to speak of
    return told_in_a_sentence(path, lambda: _read(path, volume, series))


def can_read(path: str | Path) -> bool:
    """Tell, from the name or the first bytes, whether `read_volume` should be tried."""
    path = Path(path)
    if suffix_format(path) is not None:
        return True
    try:
        return format_of(path) is not None
    except (MedSSLError, OSError, ValueError):
        return False


def suffix_format(path: Path) -> str | None:
    """Return the format that a file's name promises."""
    name = path.name.lower()
    packed = "".join(Path(name).suffixes[-2:])
    return _SUFFIXES.get(packed) or _SUFFIXES.get(Path(name).suffix)


def format_of(path: Path) -> str | None:
    """Return the format of a file or folder by its first bytes; None when they fit none."""
    if path.is_dir():
        return _dicom_or_none(path)
    with path.open("rb") as file:
        head = file.read(LONGEST_HEADER)
    if head[128:132] == b"DICM":  # before all else: the preamble may hold a TIFF header
        return "dicom"
    for magics, name in (
        ((NRRD_MAGIC,), "nrrd"),
        ((PNG_MAGIC, JPEG_MAGIC), "picture"),
        (TIFF_MAGICS, "tiff"),
        ((b"ObjectType", b"NDims", b"Comment"), "mha"),
    ):
        if head.startswith(magics):
            return name
    if head.startswith(GZIP_MAGIC):
        head = read_head(path, LONGEST_HEADER)
    if begins_like_nifti(head):
        return "nifti"
    return _dicom_or_none(path)


def _dicom_or_none(path: Path) -> str | None:
    from napari_medssl.io.dicom import looks_like_dicom

    return "dicom" if looks_like_dicom(path) else None


def told_in_a_sentence(path: Path, work: Callable[[], _Read]) -> _Read:
    """Run ``work``; let nothing through but a `MedSSLError` that names the file."""
    try:
        return work()
    except MedSSLError as error:
        if isinstance(error, UsageError) or f"'{path.name}'" in error.came:
            raise
        came = f"'{path.name}': {error.came}"
        raise type(error)(came, expected=error.expected, do=error.do) from error
    except PermissionError as error:
        raise UnreadableFileError(
            f"'{path.name}' may not be opened", do="Ask its owner for permission to read it"
        ) from error
    except MemoryError as error:
        raise UnreadableFileError(
            f"'{path.name}' does not fit into memory", do="Close other programs and try again"
        ) from error
    except Exception as error:  # a parser of foreign bytes may raise anything
        raise UnreadableFileError(
            f"'{path.name}' is damaged or not what its name says", do=COPY_AGAIN
        ) from error


def _read(path: Path, volume: int, series: int | None) -> Volume:
    if path.is_dir():
        kind: str | None = "dicom"
    else:
        regular_file(path)
        kind = format_of(path) or suffix_format(path)
    if kind == "dicom":
        from napari_medssl.io.dicom import read_dicom

        return read_dicom(path, volume=volume, series=series)
    if kind is None:
        raise UnsupportedFormatError(f"'{path.name}' is of no known format", expected=SUPPORTED)
    if series not in (None, 0):
        raise UsageError(f"series {series} of '{path.name}'", expected="a folder of DICOM files")
    return _READERS[kind](path, volume=volume)
