"""Pictures: PNG and JPEG. They have pixels, but no size in mm and no sides of the patient."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.assemble import ALPHA_DROPPED, Placement, assemble, rgb_of
from napari_medssl.io.gate import COPY_AGAIN, check_memory, check_volume
from napari_medssl.volume import Geometry, Notice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

    from napari_medssl.volume import Volume
    from napari_medssl.volume.geometry import Shape

PNG_MAGIC, JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

_MOST_PIXELS = 200_000_000
_MOST_GROWTH = 1032  # of deflate
_GREY_MODES = ("1", "L", "I;16", "I;16B", "I;16L", "I", "F")

_ASSUMED = Notice(
    "spacing-assumed",
    "A picture gives neither the size of its pixels nor what made it nor the sides of the patient. "
    "1 mm is assumed, so lengths and volumes are in pixels.",
)
_DEPTH = Notice("depth-reduced", "The 16-bit colours of the picture were reduced to 8 bits.")


def read_picture(path: Path, *, volume: int = 0, palette_as_values: bool = False) -> Volume:
    """Read a PNG or JPEG as an image of one slice, grey or colour.

    Parameters
    ----------
    path : Path
        A file with the magic of PNG or JPEG.
    volume : int
        Only 0: a picture is one image.
    palette_as_values : bool
        Take the entries of a palette picture as numbers and not as colours: labels are drawn so.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or cut off.
    UnsupportedFormatError
        If it has more pixels than a picture should have.
    """
    check_volume(path.name, volume, 1)
    with path.open("rb") as file:
        is_png = file.read(len(PNG_MAGIC)) == PNG_MAGIC
    notices = _check_png(path) if is_png else ()
    try:
        pixels, found = _decode(path, is_png=is_png, palette_as_values=palette_as_values)
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as error:
        raise UnreadableFileError(f"'{path.name}' is damaged or cut off", do=COPY_AGAIN) from error
    return as_volume(path, pixels[:, :, None], (*notices, *found))


def as_volume(path: Path, stored: NDArray[Any], notices: tuple[Notice, ...] = ()) -> Volume:
    """Make a volume of pixels (column, row, page) or (column, row, page, channel)."""
    dropped: tuple[Notice, ...] = ()
    if stored.ndim == 4:
        stored, dropped = rgb_of(stored)
    placement = Placement(
        _picture_geometry(stored.shape[-3:]),
        spacing_known=False,
        orientation_known=False,
        notices=(_ASSUMED,),
    )
    return assemble(
        stored,
        placement,
        path=path,
        format="picture",
        modality="OT",
        notices=(*notices, *dropped),
    )


def _picture_geometry(shape: Shape) -> Geometry:
    """Grid of 1 mm on which columns run to the patient's left, rows to the back, pages up."""
    return Geometry.from_affine(shape, np.eye(4))


def check_pixels(name: str, width: int, height: int, bytes_per_pixel: int) -> None:
    """Raise `UnsupportedFormatError` for a picture that is too large to be one."""
    if width * height > _MOST_PIXELS:
        raise UnsupportedFormatError(
            f"'{name}' is a picture of {width:,} x {height:,} pixels",
            expected=f"at most {_MOST_PIXELS // 1_000_000} million",
            do="Cut out the part to look at",
        )
    check_memory(name, 3 * width * height * bytes_per_pixel)


def _check_png(path: Path) -> tuple[Notice, ...]:
    """Walk the chunks: every checksum right, an end, and enough data for the declared size."""
    held = 0
    with path.open("rb") as file:
        file.seek(len(PNG_MAGIC))
        kind, header = _chunk(file, path)
        if kind != b"IHDR" or len(header) != 13:
            raise _damaged_png(path)
        width, height, depth, colour = struct.unpack(">IIBB", header[:10])
        while kind != b"IEND":
            kind, data = _chunk(file, path)
            held += len(data) if kind == b"IDAT" else 0
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    check_pixels(path.name, width, height, channels * max(1, depth // 8))
    if width * height * channels * depth // 8 > held * _MOST_GROWTH:
        raise _damaged_png(path)
    return (_DEPTH,) if depth == 16 and channels > 1 else ()


def _chunk(file: Any, path: Path) -> tuple[bytes, bytes]:
    length, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\xff"))
    if length > path.stat().st_size:
        raise _damaged_png(path)
    data, checksum = file.read(length), file.read(4)
    if len(checksum) < 4 or zlib.crc32(data, zlib.crc32(kind)) != int.from_bytes(checksum, "big"):
        raise _damaged_png(path)
    return kind, data


def _damaged_png(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"'{path.name}' is damaged or cut off",
        expected="a whole PNG, whose checksums agree",
        do=COPY_AGAIN,
    )


def _decode(
    path: Path, *, is_png: bool, palette_as_values: bool
) -> tuple[NDArray[Any], tuple[Notice, ...]]:
    """Return pixels as (column, row) or (column, row, channel)."""
    # the plugins themselves: Image.open tries every format there is and warns process-wide
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    with path.open("rb") as file, (PngImageFile if is_png else JpegImageFile)(file) as picture:
        check_pixels(path.name, *picture.size, len(picture.getbands()))
        return pixels_of(picture, palette_as_values=palette_as_values)


def pixels_of(
    picture: Image, *, palette_as_values: bool = False
) -> tuple[NDArray[Any], tuple[Notice, ...]]:
    """Return the pixels of a Pillow image as (column, row) or (column, row, channel).

    Two-colour pictures become 0 and 255, a palette its colours (grey where all of them are grey);
    opacity stays as a fourth channel.
    """
    mode = picture.mode
    if mode == "P" and palette_as_values:
        return np.asarray(picture).T, ()
    if mode == "1":
        return np.asarray(picture).T.astype(np.uint8) * np.uint8(255), ()
    if mode in _GREY_MODES:
        return np.asarray(picture).T, ()
    if mode == "LA":
        return np.asarray(picture)[..., 0].T, (ALPHA_DROPPED,)
    if mode not in ("RGB", "RGBA"):
        picture = picture.convert("RGB")
    colour = np.asarray(picture)
    if mode == "P" and (colour == colour[..., :1]).all():
        return colour[..., 0].T, ()
    return colour.transpose(1, 0, 2), ()
