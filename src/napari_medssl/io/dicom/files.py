"""Which files of a folder, or of a DICOMDIR, are DICOM images; what else lies there is counted."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.filereader import dcmread

from napari_medssl.errors import MedSSLError, UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.dicom.headers import ImageFile, read_image_file
from napari_medssl.io.dicom.objects import NotAnImageError
from napari_medssl.io.dicom.tags import PARSER_FAILURES, Tags, quietly
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_DEPTH = 8
_FIRST_FILES = 100
_MAGIC_AT = 128
_DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}
_DICOMDIR_CLASS = b"1.2.840.10008.1.3.10"
_EXPLICIT = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"IS", b"LO", b"LT", b"OB", b"PN", b"SH"),
    *(b"SL", b"SQ", b"SS", b"ST", b"TM", b"UI", b"UL", b"UN", b"US", b"UT"),
}


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Parameters
    ----------
    images : tuple of ImageFile
        Headers of the images.
    others : tuple of NotAnImageError
        Whole DICOM objects that are no images.
    broken : tuple of MedSSLError
        Files that claim to be DICOM images and cannot be read.
    """

    images: tuple[ImageFile, ...]
    others: tuple[NotAnImageError, ...] = ()
    broken: tuple[MedSSLError, ...] = ()


def looks_like_dicom(path: Path) -> bool:
    """Tell from its first bytes whether a file is DICOM, with or without its preamble.

    Of a folder, whether one of its first files is.
    """
    try:
        if path.is_dir():
            return any(map(looks_like_dicom, islice(files_below(path), _FIRST_FILES)))
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(_MAGIC_AT + 4)
    except OSError:
        return False
    return head[_MAGIC_AT:] == b"DICM" or _begins_like_a_header(head)


def _begins_like_a_header(head: bytes) -> bool:
    """Tell whether the bytes are a first element of group 0002 or 0008, as headers begin."""
    if len(head) < _MAGIC_AT:
        return False
    little = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:4], "little")
    big = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:4], "big")
    for group, element in (little, big):
        if group in (0x0002, 0x0008) and element <= 0x0070:
            implicit_length = int.from_bytes(head[4:8], "little")
            return head[4:6] in _EXPLICIT or implicit_length <= 64
    return False


def is_dicomdir(path: Path) -> bool:
    """Tell whether a file is a DICOMDIR, the table of contents of a disc."""
    if not path.is_file():  # opening a pipe would wait for ever
        return False
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:
        return False
    return head[_MAGIC_AT : _MAGIC_AT + 4] == b"DICM" and _DICOMDIR_CLASS in head


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the ordinary files of a folder and the folders below, sorted; no linked folders."""
    base = len(folder.parts)
    for parent, folders, names in os.walk(folder, followlinks=False):
        here = Path(parent)
        deep = len(here.parts) - base >= _MOST_DEPTH
        folders[:] = [] if deep else sorted(n for n in folders if not n.startswith("."))
        yield from _ordinary(here / name for name in sorted(names))


def files_beside(path: Path) -> Iterator[Path]:
    """Yield a file itself and then the ordinary files of its folder, sorted."""
    yield path
    yield from (p for p in _ordinary(sorted(path.parent.iterdir())) if p.name != path.name)


def _ordinary(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        # "._x" is what macOS leaves beside x on foreign disks; other dot files are no images
        if not path.name.startswith(".") and path.is_file():
            yield path


def find_images(paths: Iterable[Path]) -> Found:
    """Read the headers of all DICOM images among files; what is no DICOM is passed over."""
    images: list[ImageFile] = []
    others: list[NotAnImageError] = []
    broken: list[MedSSLError] = []
    for path in paths:
        if not looks_like_dicom(path):
            if path.suffix.lower() in _DICOM_SUFFIXES:
                broken.append(not_dicom(path))
            continue
        if is_dicomdir(path):
            continue
        try:
            images.append(read_image_file(path))
        except NotAnImageError as error:
            others.append(error)
        except (UnreadableFileError, UnsupportedFormatError) as error:
            broken.append(error)
    return Found(tuple(images), tuple(others), tuple(broken))


def not_dicom(path: Path) -> UnreadableFileError:
    """Make the error for a file that is not DICOM at all."""
    return UnreadableFileError(f"'{path.name}' is not a DICOM file", do=COPY_AGAIN)


def files_listed(dicomdir: Path) -> tuple[Path, ...]:
    """Return the files that a DICOMDIR lists and that lie inside its own folder.

    Raises
    ------
    UnreadableFileError
        If the table is damaged, or lists a file outside its folder.
    """
    damaged = UnreadableFileError(
        f"the table of contents '{dicomdir.name}' is damaged", do="Open the folder instead"
    )
    try:
        with quietly():
            table = dcmread(dicomdir, specific_tags=["DirectoryRecordSequence"], force=True)
            records = Tags.of(table).items("DirectoryRecordSequence")
            names = [Tags.of(record).text("ReferencedFileID") for record in records]
    except PARSER_FAILURES:
        raise damaged from None
    root = dicomdir.parent.resolve()
    listed = []
    for name in filter(None, names):
        parts = name.split("\\")
        path = dicomdir.parent.joinpath(*parts)
        if "\0" in name or ".." in parts or not path.resolve().is_relative_to(root):
            raise UnreadableFileError(
                f"'{dicomdir.name}' lists a file outside its own folder",
                expected="files beside or below it",
                do="Open the folder that holds the images instead",
            )
        if path.is_file():
            listed.append(path)
    return tuple(listed)
