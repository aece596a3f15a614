"""The header of a MetaImage file (``.mha``, or ``.mhd`` with a data file beside it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.gate import inside_folder
from napari_medssl.io.grid_header import (
    GridHeader,
    broken,
    bytes_of,
    head_text,
    numbers,
    place,
    placed,
    several_files,
    vectors,
    whole_numbers,
)
from napari_medssl.io.payload import Payload

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.io.assemble import Placement
    from napari_medssl.volume import Modality

_TYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2"},
    **{"MET_INT": "i4", "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4"},
    **{"MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}
_MODALITIES: dict[str, Modality] = {
    **{"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_US": "US", "MET_MOD_NM": "PT"},
}
_TRUE = ("true", "1", "t")
_LAST_KEY = "ElementDataFile"


def read_meta_header(path: Path) -> GridHeader:
    """Read and check the header of a MetaImage file.

    Raises
    ------
    MedSSLError
        If a line is missing or damaged, the image has no place in space, or the data file lies
        outside the header's folder.
    """
    lines, end = _lines(path)
    dimensions = whole_numbers(path, "NDims", lines.get("NDims", ""))
    sizes = whole_numbers(path, "DimSize", lines.get("DimSize", ""))
    if dimensions != (len(sizes),) or not 2 <= len(sizes) <= 4:
        raise UnreadableFileError(
            f"the header of '{path.name}' lists {len(sizes)} sizes for "
            f"{lines.get('NDims', 'no')[:20]} dimensions",
            expected="the same number, from 2 to 4",
        )
    dtype = _dtype(path, lines)
    channels = whole_numbers(path, "channels", lines.get("ElementNumberOfChannels", "1"))
    colour = channels in ((3,), (4,)) and dtype == np.uint8
    if channels != (1,) and not colour:
        raise vectors(path)
    stored = (*channels, *sizes) if colour else sizes
    payload = _payload(path, lines, end, bytes_of(path.name, stored, dtype))
    return GridHeader(
        stored,
        dtype,
        _placement(path, lines, sizes),
        payload,
        colour_axis=0 if colour else None,
        volume_axis=len(stored) - 1 if len(sizes) == 4 else None,
        modality=_MODALITIES.get(lines.get("Modality", "")),
    )


def _lines(path: Path) -> tuple[dict[str, str], int]:
    """Return the ``key = value`` lines and the byte at which the header ends."""
    head, lines, end = head_text(path), {}, 0
    while end < len(head):
        stop = head.find(b"\n", end)
        stop = len(head) if stop < 0 else stop + 1
        key, equals, value = head[end:stop].decode("utf-8", "replace").partition("=")
        end = stop
        if not equals:
            break
        lines[key.strip()] = value.strip()
        if key.strip() == _LAST_KEY:
            return lines, end
    raise broken(path, _LAST_KEY)


def _dtype(path: Path, lines: dict[str, str]) -> np.dtype[Any]:
    code = _TYPES.get(lines.get("ElementType", ""))
    if code is None:
        raise UnsupportedFormatError(
            f"'{path.name}' holds numbers of the type '{lines.get('ElementType', '')[:20]}'",
            expected="whole numbers of 1 to 8 bytes, float or double",
        )
    keys = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
    big = any(lines.get(key, "").lower() in _TRUE for key in keys)
    return np.dtype((">" if big else "<") + code)


def _payload(path: Path, lines: dict[str, str], end: int, size: int) -> Payload:
    if lines.get("BinaryData", "True").lower() not in _TRUE:
        raise UnsupportedFormatError(
            f"'{path.name}' stores its voxels as text", do="Save it again as binary data"
        )
    named = lines[_LAST_KEY]
    packed = lines.get("CompressedData", "False").lower() in _TRUE
    if named.upper().startswith("LIST") or "%" in named:
        raise several_files(path)
    local = named.upper() == "LOCAL"
    data, offset = (path, end) if local else (inside_folder(path, named), 0)
    header = whole_numbers(path, "HeaderSize", lines.get("HeaderSize", "0"))
    if len(header) != 1 or header[0] < -1 or (local and header != (0,)):
        raise broken(path, "HeaderSize")
    if header[0] == -1:  # the voxels are the end of the file
        offset = max(0, data.stat().st_size - size)
    return Payload(data, size, "zlib" if packed else "raw", offset=max(offset, header[0]))


def _placement(path: Path, lines: dict[str, str], sizes: tuple[int, ...]) -> Placement:
    count = len(sizes)
    matrix = _first(lines, "TransformMatrix", "Rotation", "Orientation")
    origin = _first(lines, "Offset", "Position", "Origin")
    spacing = _first(lines, "ElementSpacing", "ElementSize")
    axes = (
        np.eye(count)
        if matrix is None
        else np.reshape(numbers(path, "TransformMatrix", matrix, count * count), (count, count))
    )
    start = np.zeros(count) if origin is None else numbers(path, "Offset", origin, count)
    steps = np.ones(count) if spacing is None else numbers(path, "ElementSpacing", spacing, count)
    space = min(count, 3)  # a fourth axis is time
    world = np.zeros((space, 3))
    world[:, :space] = axes[:space, :space] * np.asarray(steps)[:space, None]
    geometry = place(path, sizes[:space], world, [*start[:space], 0.0][:3])
    return placed(geometry, spacing_known=spacing is not None, orientation_known=matrix is not None)


def _first(lines: dict[str, str], *keys: str) -> str | None:
    return next((lines[key] for key in keys if key in lines), None)
