"""A folder of DICOM images copied with headers that name nobody; the pixels stay byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import DataElement, dcmread, dcmwrite
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID

from napari_medssl.errors import SaveError, UnreadableFileError, UsageError
from napari_medssl.io.atomic import atomic_folder, atomic_write
from napari_medssl.io.dicom.allowed import allowed_keywords
from napari_medssl.io.dicom.codecs import pixel_stream
from napari_medssl.io.dicom.deidentify import require_clean
from napari_medssl.io.dicom.headers import read_elements, read_image_file
from napari_medssl.io.dicom.notices import about_left_out, about_text_in_pixels
from napari_medssl.io.dicom.read import survey
from napari_medssl.io.dicom.tags import PARSER_FAILURES, quietly
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataset import Dataset

    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.io.dicom.headers import ImageFile
    from napari_medssl.volume import Notice

_DELIMITER = b"\xfe\xff\xdd\xe0"


@dataclass(frozen=True)
class DeidentifiedCopy:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        The new files.
    notices : tuple of Notice
        What was left out, and what the pixels may still show.
    """

    files: tuple[Path, ...]
    notices: tuple[Notice, ...]


def copy_deidentified(source: Path, target: Path, deidentify: Deidentifier) -> DeidentifiedCopy:
    """Copy the DICOM images of a folder, or of a file's folder, with de-identified headers.

    Files and folders get numbers for names. Objects that are no images, which are full of text,
    are left out.

    Parameters
    ----------
    source : Path
        What `read_dicom` takes.
    target : Path
        A folder that does not exist or is empty.
    deidentify : Deidentifier
        Which replacements to make.

    Raises
    ------
    UsageError
        If the target is a file or a folder that holds something.
    SaveError
        If a file could not be written, or would still tell who it is of; then none is.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            f"'{target.name}' exists already", expected="a new or empty folder for the copy"
        )
    found, _ = survey(source)
    named = list(_named(found.images))
    with atomic_folder(target) as part:
        for name, file in named:
            (part / name).parent.mkdir(exist_ok=True)
            _copy(file, part / name, deidentify)
    notices = (*about_text_in_pixels(found.images), *about_left_out(found))
    return DeidentifiedCopy(tuple(target / name for name, _ in named), notices)


def _named(images: Sequence[ImageFile]) -> Iterator[tuple[Path, ImageFile]]:
    """Give files numbers for names, in folders with numbers where there are several series."""
    numbers = sorted({(file.series_number or 0, file.series_uid) for file in images})
    ordered = sorted(images, key=lambda f: (f.series_number or 0, f.series_uid, _order(f)))
    place = dict.fromkeys(numbers, 0)
    for file in ordered:
        series = file.series_number or 0, file.series_uid
        place[series] += 1
        folder = f"series-{numbers.index(series)}" if len(numbers) > 1 else ""
        yield Path(folder) / f"{place[series]:05d}.dcm", file


def _order(file: ImageFile) -> tuple[int, str]:
    return (file.instance_number or 0, file.path.name)


def _copy(file: ImageFile, path: Path, deidentify: Deidentifier) -> None:
    try:
        header = deidentify.header(read_elements(file.path, allowed_keywords()))
        pixels = _stored_bytes(file)
    except PARSER_FAILURES:
        raise UnreadableFileError(
            f"the DICOM header of '{file.path.name}' is damaged", do=COPY_AGAIN
        ) from None
    with quietly():
        _complete(header, file, pixels)

    def verify(part: Path) -> None:
        with quietly():
            require_clean(dcmread(part))
        if _stored_bytes(read_image_file(part)) != pixels:
            raise UnreadableFileError(f"'{path.name}' does not hold the pixels it was given")

    def write(part: Path) -> None:
        with quietly():
            dcmwrite(part, header, enforce_file_format=True)

    atomic_write(path, write, verify)


def _complete(header: Dataset, file: ImageFile, pixels: bytes) -> None:
    """Add pixels and file information; nothing of the original's is taken over."""
    if not header.get("SOPInstanceUID") or not header.get("SOPClassUID"):
        raise SaveError(
            f"'{file.path.name}' does not say which image it is",
            do="Export it once more from your DICOM archive",
        )
    if not file.may_show_text:
        header.PatientIdentityRemoved = "YES"
    element = DataElement(tag_for_keyword(file.pixels.keyword) or 0, file.pixels.vr, pixels)
    element.is_undefined_length = file.pixels.is_encapsulated
    header.add(element)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = UID(file.pixels.syntax)
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID


def _stored_bytes(file: ImageFile) -> bytes:
    """Read the pixels as they are stored, and nothing that may follow them."""
    with pixel_stream(file.path, file.pixels) as stream:
        if not file.pixels.is_encapsulated:
            native = stream.read(file.pixels.native_bytes)
            return native + b"\0" * (len(native) % 2)
        pieces = []
        while (head := stream.read(8))[:4] not in (b"", _DELIMITER):
            pieces += [head, stream.read(int.from_bytes(head[4:], "little"))]
        return b"".join(pieces)
