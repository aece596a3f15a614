"""One decoder for each compression a DICOM file may use.

Which decoder is used is fixed here, so that a package that happens to be installed never changes
the result. JPEG lossless and 12-bit JPEG go through SimpleITK, the rest through pydicom's plug-ins.
"""

from __future__ import annotations

import tempfile
import zlib
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from pydicom import Dataset, dcmwrite, uid
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import get_decoder

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_medssl.io.dicom.stored import StoredPixels

_PLUGINS = {
    uid.RLELossless: "pydicom",
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
}
_BY_SIMPLEITK = {uid.JPEGLossless, uid.JPEGLosslessSV1, uid.JPEGExtended12Bit}


def codec_for(pixels: StoredPixels) -> str | None:
    """Return the name of the decoder for these pixels, or None where there is none."""
    if not pixels.is_encapsulated:
        return "native"
    if pixels.syntax in _BY_SIMPLEITK:
        return "SimpleITK"
    return _PLUGINS.get(uid.UID(pixels.syntax))


def decoded_frames(
    path: Path, pixels: StoredPixels, frames: tuple[int, ...]
) -> Iterator[NDArray[Any]]:
    """Yield the stored values of some frames of a file, in the order asked for.

    Each is (rows, columns) or (rows, columns, 3). Raises whatever its decoder raises.
    """
    with pixel_stream(path, pixels) as stream:
        if pixels.is_encapsulated:
            check_fragments(stream, path.name)
        if pixels.bits_allocated == 1 and not pixels.is_encapsulated:
            yield from _single_bits(stream, pixels, frames)
            return
        if codec_for(pixels) == "SimpleITK":
            yield from _by_simpleitk(stream, pixels, frames)
            return
        decoder = get_decoder(uid.UID(pixels.syntax))
        options = _options(pixels)
        # frame by frame where few are wanted; all in one sweep is faster where all are
        everything = frames == tuple(range(pixels.frames))
        for frame, _ in decoder.iter_array(
            stream, indices=None if everything else frames, **options
        ):
            yield _without_other_bits(frame, pixels)


def _options(pixels: StoredPixels) -> dict[str, Any]:
    plugin = _PLUGINS.get(uid.UID(pixels.syntax), "")
    options: dict[str, Any] = {
        "rows": pixels.rows,
        "columns": pixels.columns,
        "number_of_frames": pixels.frames,
        "samples_per_pixel": pixels.samples,
        "bits_allocated": pixels.bits_allocated,
        "bits_stored": min(pixels.high_bit + 1, pixels.bits_allocated),
        "photometric_interpretation": pixels.photometric,
        "pixel_representation": int(pixels.signed),
        "pixel_keyword": pixels.keyword,
        "planar_configuration": pixels.planar,
        "allow_excess_frames": False,
        "decoding_plugin": plugin,
    }
    if pixels.syntax == uid.ExplicitVRBigEndian:
        options["pixel_vr"] = pixels.vr  # 8-bit pixels written as words are byte-swapped
    return options


def _without_other_bits(frame: NDArray[Any], pixels: StoredPixels) -> NDArray[Any]:
    """Move the stored bits down and clear what lies beside them (overlays once lay there)."""
    if pixels.is_float or pixels.bits_stored == pixels.bits_allocated:
        return frame
    unused = pixels.bits_allocated - 1 - pixels.high_bit
    down = pixels.bits_allocated - pixels.bits_stored
    moved: NDArray[Any] = np.right_shift(np.left_shift(frame, unused), down)
    return moved


def pixel_stream(path: Path, pixels: StoredPixels) -> BinaryIO:
    """Open a file at its first byte of pixels; inflated where the file is deflated."""
    file = path.open("rb")
    if pixels.syntax != uid.DeflatedExplicitVRLittleEndian:
        file.seek(pixels.offset)
        return file
    with file:
        return BytesIO(_inflated(file, pixels.offset, pixels.native_bytes, path.name))


def _inflated(file: BinaryIO, offset: int, size: int, name: str) -> bytes:
    """Inflate no more than the header declares."""
    file.seek(132)
    read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
    body = zlib.decompressobj(-zlib.MAX_WBITS).decompress(file.read(), offset + size)
    if len(body) < offset + size:
        raise UnreadableFileError(
            f"'{name}' is cut off: {max(0, len(body) - offset):,} of {size:,} bytes of pixels",
            do=COPY_AGAIN,
        )
    return body[offset:]


def check_fragments(stream: BinaryIO, name: str) -> None:
    """Walk the pieces of compressed pixels and see that none runs past the end of the file.

    Leaves the stream where it was.

    Raises
    ------
    UnreadableFileError
        If one does.
    """
    start = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(start)
    while len(head := stream.read(8)) == 8 and head[:4] == b"\xfe\xff\x00\xe0":
        length = int.from_bytes(head[4:], "little")
        if stream.tell() + length > end:
            raise UnreadableFileError(
                f"'{name}' is cut off in the middle of its compressed pixels", do=COPY_AGAIN
            )
        stream.seek(length, 1)
    stream.seek(start)


def _single_bits(
    stream: BinaryIO, pixels: StoredPixels, frames: tuple[int, ...]
) -> Iterator[NDArray[np.uint8]]:
    """Unpack frames of one bit a pixel, which need not begin at a whole byte."""
    start, size = stream.tell(), pixels.rows * pixels.columns
    for index in frames:
        first, spare = divmod(index * size, 8)
        stream.seek(start + first)
        packed = np.frombuffer(stream.read((spare + size + 7) // 8), np.uint8)
        bits = np.unpackbits(packed, bitorder="little")[spare : spare + size]
        yield bits.reshape(pixels.rows, pixels.columns)


def _by_simpleitk(
    stream: BinaryIO, pixels: StoredPixels, frames: tuple[int, ...]
) -> Iterator[NDArray[Any]]:
    """Decode through a nameless one-frame copy: nothing of the header reaches the parser."""
    import SimpleITK

    every = generate_frames(stream, number_of_frames=pixels.frames)
    encoded = list(islice(every, pixels.frames))
    with tempfile.TemporaryDirectory(prefix="medssl-") as folder:
        copy = Path(folder) / "frame.dcm"
        for index in frames:
            _write_nameless(copy, encoded[index], pixels)
            image = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(copy)))
            yield image.reshape(pixels.rows, pixels.columns, *image.shape[3:])


def _write_nameless(path: Path, encoded: bytes, pixels: StoredPixels) -> None:
    plain = Dataset()
    plain.SOPClassUID = uid.SecondaryCaptureImageStorage
    plain.SOPInstanceUID = uid.generate_uid(prefix=None)
    plain.Rows, plain.Columns = pixels.rows, pixels.columns
    plain.SamplesPerPixel = pixels.samples
    plain.PhotometricInterpretation = pixels.photometric
    plain.BitsAllocated, plain.BitsStored = pixels.bits_allocated, pixels.bits_stored
    plain.HighBit = pixels.high_bit
    plain.PixelRepresentation = int(pixels.signed)
    if pixels.samples == 3:
        plain.PlanarConfiguration = pixels.planar
    plain.PixelData = encapsulate([encoded])
    plain["PixelData"].VR = "OB"
    plain["PixelData"].is_undefined_length = True
    plain.file_meta = FileMetaDataset()
    plain.file_meta.TransferSyntaxUID = uid.UID(pixels.syntax)
    dcmwrite(path, plain, enforce_file_format=True)
