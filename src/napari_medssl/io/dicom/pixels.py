"""The stored pixels of many frames as one array, decoded where it is safe to.

Compiled decoders are run in a child process: a damaged file may bring them down.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.child import run_in_child
from napari_medssl.io.dicom.codecs import codec_for, decoded_frames
from napari_medssl.io.dicom.stored import StoredPixels
from napari_medssl.io.dicom.tags import PARSER_FAILURES, quietly
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_IN_PROCESS = {"native", "pydicom"}  # pure Python and numpy: they raise, they do not crash
_SECONDS_FOR_START, _BYTES_PER_SECOND = 60.0, 2e6


@dataclass(frozen=True, slots=True)
class Wanted:
    """Frames (from 0, in the order wanted) of one file."""

    path: Path
    pixels: StoredPixels
    frames: tuple[int, ...]


def decode(wanted: Sequence[Wanted]) -> NDArray[Any]:
    """Return the stored values of frames of one size, in the order wanted.

    Returns
    -------
    array
        (frames, rows, columns) or, for colours, (frames, rows, columns, 3) in red, green, blue.

    Raises
    ------
    UnreadableFileError
        If pixels are damaged, cut off, or bring their decoder down.
    """
    if all(codec_for(w.pixels) in _IN_PROCESS for w in wanted):
        try:
            return decode_here(wanted)
        except MemoryError:
            raise UnreadableFileError(
                f"the pixels of '{wanted[0].path.name}' need more memory than is free",
                do="Close other programs and try again",
            ) from None
    size = sum(w.pixels.native_bytes // w.pixels.frames * len(w.frames) for w in wanted)
    largest = max(w.pixels.native_bytes + w.path.stat().st_size for w in wanted)
    return run_in_child(
        decode_request,
        [[str(w.path.absolute()), asdict(w.pixels), w.frames] for w in wanted],
        subject=f"'{wanted[0].path.name}'" if len(wanted) == 1 else "the series",
        timeout_s=_SECONDS_FOR_START + size / _BYTES_PER_SECOND,
        memory_bytes=3 * size + 4 * largest,
    )


def decode_request(request: list[Any]) -> NDArray[Any]:
    """Do what `decode` asked of a child process."""
    return decode_here(
        [Wanted(Path(path), StoredPixels(**pixels), tuple(n)) for path, pixels, n in request]
    )


def decode_here(wanted: Sequence[Wanted]) -> NDArray[Any]:
    """Decode in this process; see `decode`. Lets MemoryError through."""
    first = wanted[0].pixels
    colour = (3,) if first.samples == 3 else ()
    dtype = np.result_type(*{w.pixels.dtype for w in wanted})
    count = sum(len(w.frames) for w in wanted)
    out = np.empty((count, first.rows, first.columns, *colour), dtype)
    done = 0
    for each in wanted:
        damaged = UnreadableFileError(
            f"the pixels of '{each.path.name}' are damaged", do=COPY_AGAIN
        )
        try:
            with quietly():
                for frame in decoded_frames(each.path, each.pixels, each.frames):
                    out[done] = frame
                    done += 1
        except MemoryError:  # no damage: the limit of a child, or of the machine
            raise
        except PARSER_FAILURES:
            raise damaged from None
    if done != count:
        raise UnreadableFileError(
            f"{done} of {count} frames could be read: the pixels are cut off", do=COPY_AGAIN
        )
    return out
