"""The header of one DICOM file: what image it holds and where its stored pixels are.

Nothing is decoded here. The pixels' size on disk is checked against the header, so that a file
that was cut off is known as such before anything is done with it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from pydicom.datadict import tag_for_keyword
from pydicom.filereader import read_dataset, read_partial
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.dicom.codecs import codec_for
from napari_medssl.io.dicom.extent import check_extent, unread_bytes
from napari_medssl.io.dicom.frames import PHASES, Frame, read_frames
from napari_medssl.io.dicom.objects import refuse_other_objects
from napari_medssl.io.dicom.stored import StoredPixels
from napari_medssl.io.dicom.tags import PARSER_FAILURES, Tags, quietly
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

_KEYWORDS = (
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription"),
    *("Modality", "InstanceNumber", "BurnedInAnnotation", "Units", "RescaleType"),
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PlanarConfiguration"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept"),
    *("ImageOrientationPatient", "ImagePositionPatient", "SliceLocation", "SliceThickness"),
    *("SpacingBetweenSlices", "PixelSpacing", "PixelSpacingCalibrationType"),
    *("ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
    *("SequenceOfUltrasoundRegions", "FrameTime", "CineRate"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *PHASES,
)
_PIXEL_TAGS = {
    0x7FE00010: "PixelData",
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
}
_DICOMDIR_CLASS = "1.2.840.10008.1.3.10"
_UNDEFINED = 0xFFFFFFFF
_DEFLATED_HEADER_BYTES = 4 * 2**20


@dataclass(frozen=True, eq=False, slots=True)
class ImageFile:
    """What the header of one image file says.

    Parameters
    ----------
    path : Path
        The file.
    instance_uid, series_uid : str
        Identifiers, for grouping only; never shown.
    series_number, instance_number : int or None
        As the scanner counted.
    description : str
        The series' description: may be shown on screen, never logged.
    modality : str
        DICOM's own code, such as ``"CT"``.
    units : str
        What a rescaled value measures, as the file says; empty where it does not.
    may_show_text : bool
        Whether the file does not rule out that the picture shows a name.
    padding : (float, float) or None
        Stored values, lowest and highest, that mean "nothing was measured here".
    unread_bytes : int
        Bytes of pixels beyond what the header declares.
    frame_time_ms : float or None
        Time between the frames of a cine.
    pixels : StoredPixels
        How and where the pixels are stored.
    frames : tuple of Frame
        Where each frame lies.
    """

    path: Path
    instance_uid: str
    series_uid: str
    series_number: int | None
    instance_number: int | None
    description: str
    modality: str
    units: str
    may_show_text: bool
    padding: tuple[float, float] | None
    unread_bytes: int
    frame_time_ms: float | None
    pixels: StoredPixels
    frames: tuple[Frame, ...]

    @property
    def is_placed(self) -> bool:
        """True when every frame has a place in the patient."""
        return all(frame.placement is not None for frame in self.frames)


def read_image_file(path: Path) -> ImageFile:
    """Read the header of one DICOM image.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or cut off.
    UnsupportedFormatError
        If it is whole but not an image, or compressed in a way we cannot decode.
    """
    failure = UnreadableFileError(
        f"the DICOM header of '{path.name}' is damaged or nested too deeply to read", do=COPY_AGAIN
    )
    try:
        with quietly(), path.open("rb") as file:
            dataset, syntax, where = _parse(file, _KEYWORDS)
            return _describe(path, dataset, syntax, where, path.stat().st_size)
    except PARSER_FAILURES:
        raise failure from None


def read_elements(path: Path, keywords: tuple[str, ...]) -> Dataset:
    """Read a few elements of a file whose header is known to be readable."""
    with quietly(), path.open("rb") as file:
        return _parse(file, keywords)[0]


def read_other_object(path: Path, keywords: tuple[str, ...]) -> tuple[Dataset, StoredPixels]:
    """Read elements of an object that has pixels but is no image, and how its pixels are stored.

    Raises
    ------
    UnreadableFileError
        If the pixels are missing, cut off or impossible. Lets failures of the parser through.
    UnsupportedFormatError
        If they are compressed in a way we cannot decode.
    """
    with quietly(), path.open("rb") as file:
        dataset, syntax, where = _parse(file, (*_KEYWORDS, *keywords))
        size = path.stat().st_size
        return dataset, _stored_pixels(path, Tags.of(dataset), syntax, where, size)


@dataclass
class _PixelElement:
    """Where the pixel element was met; filled while the header is parsed."""

    tag: int = 0
    vr: str = "OW"
    offset: int = 0
    length: int = 0


def _parse(file: BinaryIO, keywords: tuple[str, ...]) -> tuple[Dataset, str, _PixelElement]:
    """Return a header, its transfer syntax and where its pixels are, reading nothing else."""
    found = _PixelElement()
    tags: list[Any] = [tag for tag in map(tag_for_keyword, keywords) if tag is not None]
    stream: BinaryIO = file

    def at_pixels(tag: Any, vr: str | None, length: int) -> bool:
        if int(tag) in _PIXEL_TAGS:
            found.tag, found.vr, found.length = int(tag), vr or "OW", length
            found.offset = stream.tell()
            return True
        return False

    syntax = _stated_syntax(file)
    if syntax == DeflatedExplicitVRLittleEndian:
        # bounded: a few bytes may inflate to gigabytes
        stream = BytesIO(zlib.decompressobj(-15).decompress(file.read(), _DEFLATED_HEADER_BYTES))
        plain = read_dataset(stream, False, True, stop_when=at_pixels, specific_tags=tags)
        return plain, syntax, found
    file.seek(0)
    dataset = read_partial(file, stop_when=at_pixels, force=True, specific_tags=tags)
    if not syntax:
        implicit, little = dataset.original_encoding
        syntax = "1.2.840.10008.1.2" + ("" if implicit else ".1" if little else ".2")
    return dataset, syntax, found


def _stated_syntax(file: BinaryIO) -> str:
    """Return the transfer syntax and leave the file at the data that follow; empty if unstated."""
    file.seek(128)
    if file.read(4) != b"DICM":
        file.seek(0)
    meta = read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
    return Tags.of(meta).text("TransferSyntaxUID")


def _describe(
    path: Path, dataset: Dataset, syntax: str, where: _PixelElement, file_bytes: int
) -> ImageFile:
    tags = Tags.of(dataset)
    if not len(dataset):
        raise UnreadableFileError(
            f"'{path.name}' has no DICOM header that can be read", do=COPY_AGAIN
        )
    refuse_other_objects(tags, path.name)
    pixels = _stored_pixels(path, tags, syntax, where, file_bytes)
    padding = tags.number("PixelPaddingValue")
    limit = tags.number("PixelPaddingRangeLimit")
    ends = (padding, padding if limit is None else limit) if padding is not None else None
    modality = tags.text("Modality").upper()
    kind = tags.text("RescaleType")
    rate = tags.number("CineRate")
    return ImageFile(
        path=path,
        instance_uid=tags.text("SOPInstanceUID"),
        series_uid=tags.text("SeriesInstanceUID"),
        series_number=tags.whole("SeriesNumber"),
        instance_number=tags.whole("InstanceNumber"),
        description=tags.text("SeriesDescription"),
        modality=modality,
        units=tags.text("Units") if modality == "PT" else kind,
        may_show_text=_may_show_text(tags, modality),
        padding=(min(ends), max(ends)) if ends else None,
        unread_bytes=unread_bytes(pixels, _declared_bytes(where)),
        frame_time_ms=tags.number("FrameTime") or (1000 / rate if rate else None),
        pixels=pixels,
        frames=read_frames(dataset, pixels.frames, pixels.rows, pixels.columns),
    )


def _may_show_text(tags: Tags, modality: str) -> bool:
    screenshot = tags.text("SOPClassUID").startswith("1.2.840.10008.5.1.4.1.1.7")
    stated = tags.text("BurnedInAnnotation").upper()
    return stated == "YES" or (stated != "NO" and (modality == "US" or screenshot))


def _stored_pixels(
    path: Path, tags: Tags, syntax: str, where: _PixelElement, file_bytes: int
) -> StoredPixels:
    name = path.name
    if tags.text("SOPClassUID") == _DICOMDIR_CLASS or not where.tag:
        raise UnreadableFileError(
            f"'{name}' holds no pixels", expected="a DICOM image that is complete", do=COPY_AGAIN
        )
    try:
        pixels = StoredPixels.from_tags(
            tags, syntax, _PIXEL_TAGS[where.tag], where.vr, where.offset
        )
    except ValueError as error:
        raise UnreadableFileError(f"'{name}' {error}", do=COPY_AGAIN) from None
    if codec_for(pixels) is None:
        raise UnsupportedFormatError(
            f"'{name}' is compressed as {UID(syntax).name}, which cannot be decoded here",
            do="Export it without compression, or as JPEG 2000",
        )
    check_extent(pixels, _declared_bytes(where), file_bytes, name)
    return pixels


def _declared_bytes(where: _PixelElement) -> int | None:
    return None if where.length == _UNDEFINED else where.length
