"""The voxels of a file as bytes: size on disk checked first, inflated no further than declared."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.gate import COPY_AGAIN, check_memory
from napari_medssl.io.packed import DAMAGED, Packing, unpacked
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_CHUNK = 1 << 20
#: bytes a file may hold beyond what its header declares: padding of some tools
_SLACK = 4096
#: no stream of these can grow by more than this factor
_MOST_GROWTH = {"gzip": 1032, "zlib": 1032}


@dataclass(frozen=True)
class Payload:
    """Where a file keeps its voxels, and how they are packed.

    Parameters
    ----------
    path : Path
        The file that holds them.
    size : int
        Bytes of all voxels that the header declares, unpacked.
    packing : {"raw", "gzip", "zlib"}
        How the stream that begins at ``offset`` is packed.
    offset : int
        Bytes of the file before the stream.
    skip : int
        Bytes of the unpacked stream before the voxels.
    """

    path: Path
    size: int
    packing: Packing = "raw"
    offset: int = 0
    skip: int = 0

    def read(self, start: int, count: int) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
        """Return ``count`` bytes of voxels from byte ``start`` on, once all of them are checked.

        The whole stream is unpacked, so that a checksum at its end is compared.

        Raises
        ------
        UnreadableFileError
            If the file is shorter or longer than declared, damaged, or larger than free memory.
        """
        self._check_size()
        check_memory(self.path.name, 2 * count)
        with self.path.open("rb") as file:
            file.seek(self.offset)
            try:
                return self._take(unpacked(file, self.packing), start, count)
            except EOFError:
                raise self._cut_off() from None
            except DAMAGED as error:
                raise UnreadableFileError(
                    f"the compressed voxels of '{self.path.name}' are damaged", do=COPY_AGAIN
                ) from error

    def check(self) -> tuple[Notice, ...]:
        """Check all voxels as `read` does, and keep none: for a library that reads them itself."""
        return self.read(0, 0)[1]

    def _take(
        self, stream: IO[bytes], start: int, count: int
    ) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
        _pass_over(stream, self.skip + start, seek=self.packing == "raw")
        voxels = np.empty(count, np.uint8)
        _fill(stream, voxels.data)
        _pass_over(stream, self.size - start - count, seek=self.packing == "raw")
        return voxels, self._excess(len(stream.read(_SLACK + 1)))

    def _check_size(self) -> None:
        """Compare the file's size with the declared one before anything is allocated."""
        on_disk = self.path.stat().st_size - self.offset
        declared = self.skip + self.size
        if self.packing == "raw":
            if on_disk < declared:
                raise self._cut_off()
            self._excess(on_disk - declared)
        elif on_disk * _MOST_GROWTH[self.packing] < declared:
            raise self._cut_off()

    def _excess(self, extra: int) -> tuple[Notice, ...]:
        if extra > _SLACK:
            raise UnreadableFileError(
                f"'{self.path.name}' holds more voxels than its header declares",
                expected=f"{self.size:,} bytes of them",
                do="Export the image again: its header is wrong",
            )
        if not extra:
            return ()
        words = f"The file holds {extra:,} bytes after its voxels; they were left out."
        return (Notice("trailing-bytes", words),)

    def _cut_off(self) -> UnreadableFileError:
        held = self.path.stat().st_size
        whole = self.offset + self.skip + self.size
        packed = "" if self.packing == "raw" else " compressed"
        return UnreadableFileError(
            f"'{self.path.name}' is cut off: it holds {held:,}{packed} bytes, too few",
            expected=f"{whole:,} bytes by its header" + (" when unpacked" if packed else ""),
            do=COPY_AGAIN,
        )


def _fill(stream: IO[bytes], view: memoryview) -> None:
    while view:
        got = stream.readinto(view[:_CHUNK])  # type: ignore[attr-defined]
        if not got:
            raise EOFError
        view = view[got:]


def _pass_over(stream: IO[bytes], count: int, *, seek: bool) -> None:
    if seek:
        stream.seek(count, io.SEEK_CUR)
        return
    scratch = memoryview(bytearray(min(count, _CHUNK)))
    while count:
        part = scratch[: min(count, _CHUNK)]
        _fill(stream, part)
        count -= len(part)
