"""Packed streams: gzip and zlib, read no further than asked, and gzip written."""

from __future__ import annotations

import io
import zlib
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from isal import igzip, igzip_lib

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from pathlib import Path

Packing = Literal["raw", "gzip", "zlib"]

GZIP_MAGIC = b"\x1f\x8b"

#: what a damaged stream raises, whatever library unpacks it (isal's stub types its class wrongly)
DAMAGED: tuple[type[Exception], ...] = (OSError, zlib.error, igzip_lib.IsalError, ValueError)  # type: ignore[assignment]

_CHUNK = 1 << 20
_LEVEL = 1  # of gzip: ten times as fast as the usual level, for masks nearly as small


def unpacked(file: IO[bytes], packing: Packing) -> IO[bytes]:
    """Return a stream of the unpacked bytes from the file's present position on."""
    if packing == "raw":
        return file
    if packing == "zlib":
        return io.BufferedReader(_ZlibStream(file), _CHUNK)
    return _gzip_file(file, "rb")


def gzip_writer(file: IO[bytes]) -> IO[bytes]:
    """Return a stream that packs what is written to it, without a name or a date inside."""
    return _gzip_file(file, "wb")


def _gzip_file(file: IO[bytes], mode: str) -> IO[bytes]:
    level = {"compresslevel": _LEVEL, "mtime": 0} if mode == "wb" else {}
    opened: Any = igzip.GzipFile
    return cast("IO[bytes]", opened(filename="", mode=mode, fileobj=file, **level))


def packing_of(path: Path) -> Packing:
    """Tell by its first bytes, whatever its name, whether a file is gzip or plain."""
    with path.open("rb") as file:
        return "gzip" if file.read(2) == GZIP_MAGIC else "raw"


def read_head(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, unpacked if it is gzip; fewer where it ends before.

    Raises
    ------
    UnreadableFileError
        If the compressed stream is damaged before that.
    """
    with path.open("rb") as file:
        stream = unpacked(file, packing_of(path))
        head = bytearray()
        try:
            while len(head) < count and (more := stream.read(count - len(head))):
                head += more
        except EOFError:
            pass
        except DAMAGED as error:
            raise UnreadableFileError(
                f"the compressed data of '{path.name}' are damaged", do=COPY_AGAIN
            ) from error
    return bytes(head)


class _ZlibStream(io.RawIOBase):
    """A zlib stream, unpacked as it is read; its checksum is compared at its end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(wbits=47)  # 47: zlib or gzip, as MetaIO allows

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._file.read(_CHUNK)
            got = self._inflate.decompress(packed, len(view))
            if got:
                view[: len(got)] = got
                return len(got)
            if not packed:
                raise EOFError
        return 0
