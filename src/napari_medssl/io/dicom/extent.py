"""Whether the pixels that a header declares can be in the file at all, before any is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from napari_medssl.io.dicom.stored import StoredPixels

_DEFLATE_MOST, _RLE_MOST = 1032, 64  # times smaller than what they hold, at the very most
_LEAST_FRAME_BYTES = 8  # the head of a fragment


def check_extent(pixels: StoredPixels, declared: int | None, file_bytes: int, name: str) -> None:
    """Raise unless the file is long enough for its pixels.

    Parameters
    ----------
    pixels : StoredPixels
        What the header declares.
    declared : int or None
        Length of the pixel element; None where it is not given (compressed pixels).
    file_bytes : int
        Size of the file.
    name : str
        Its name, for the message.

    Raises
    ------
    UnreadableFileError
        If it was cut off, or declares more than could possibly be packed into it.
    """
    rest = max(0, file_bytes - pixels.offset)
    if not pixels.is_encapsulated and not _is_deflated(pixels):
        present = rest if declared is None else min(rest, declared)
        if present < pixels.native_bytes:
            raise UnreadableFileError(
                f"'{name}' is cut off: {present:,} of {pixels.native_bytes:,} bytes of pixels",
                do=COPY_AGAIN,
            )
    elif pixels.native_bytes > _most(pixels, rest, file_bytes):
        raise UnreadableFileError(
            f"'{name}' declares {pixels.native_bytes:,} bytes of pixels, more than can be packed "
            f"into {file_bytes:,} bytes",
            do=COPY_AGAIN,
        )


def unread_bytes(pixels: StoredPixels, declared: int | None) -> int:
    """Bytes of uncompressed pixels in the file beyond those that its header accounts for."""
    if declared is None or pixels.is_encapsulated:
        return 0
    spare = declared - pixels.native_bytes
    return spare if spare > 1 else 0  # one byte makes an odd length even


def _is_deflated(pixels: StoredPixels) -> bool:
    return pixels.syntax == DeflatedExplicitVRLittleEndian


def _most(pixels: StoredPixels, rest: int, file_bytes: int) -> int:
    if _is_deflated(pixels):  # the offset counts inflated bytes: it says nothing about the file
        return file_bytes * _DEFLATE_MOST
    if pixels.syntax == RLELossless:
        return rest * _RLE_MOST
    # other codecs may hold a constant frame in next to nothing, but not in nothing
    return rest // _LEAST_FRAME_BYTES * (pixels.native_bytes // pixels.frames + 1)
