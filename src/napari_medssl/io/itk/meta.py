"""The gate of MetaImage (``.mha``, or ``.mhd`` with a data file beside it)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.gate import COPY_AGAIN, inside_folder
from napari_medssl.io.itk.header import (
    GridHeader,
    broken,
    bytes_of,
    check_numbers,
    head_of,
    several_files,
    vectors,
    whole_numbers,
)
from napari_medssl.io.payload import Payload

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.volume import Modality

_TYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2"},
    **{"MET_INT": "i4", "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4"},
    **{"MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}
_MODALITIES: dict[str, Modality] = {
    **{"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_US": "US", "MET_MOD_NM": "PT"},
}
_MATRIX = ("TransformMatrix", "Rotation", "Orientation")
_SPACING = ("ElementSpacing", "ElementSize")
_ORIGIN = ("Offset", "Position", "Origin")
_NEEDS_DIMENSIONS = {*_MATRIX, *_SPACING, *_ORIGIN, "CenterOfRotation", "DimSize"}
_LAST_KEY = "ElementDataFile"


def read_meta_header(path: Path) -> GridHeader:
    """Read and check the header of a MetaImage file.

    Raises
    ------
    MedSSLError
        If a line is missing or damaged, or the data file lies outside the header's folder.
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
    if set(list(lines)[: list(lines).index("NDims")]) & _NEEDS_DIMENSIONS:
        raise broken(path, "NDims before all that has dimensions")
    for keys, count in ((_MATRIX, len(sizes) ** 2), (_SPACING, len(sizes)), (_ORIGIN, len(sizes))):
        for key in set(keys) & lines.keys():
            check_numbers(path, key, lines[key], count)
    dtype = _dtype(path, lines)
    channels = whole_numbers(path, "channels", lines.get("ElementNumberOfChannels", "1"))
    if channels != (1,) and not (channels in ((3,), (4,)) and dtype == np.uint8):
        raise vectors(path)
    return GridHeader(
        dtype,
        _payload(path, lines, end, bytes_of(path.name, (*channels, *sizes), dtype)),
        spacing_known=not lines.keys().isdisjoint(_SPACING),
        orientation_known=not lines.keys().isdisjoint(_MATRIX),
        modality=_MODALITIES.get(lines.get("Modality", "")),
    )


def _lines(path: Path) -> tuple[dict[str, str], int]:
    """Return the ``key = value`` lines and the byte at which the header ends.

    A line that the library might take in another way than the gate is refused.
    """
    head, lines, end = head_of(path), {}, 0
    while end < len(head):
        stop = head.find(b"\n", end)
        stop = len(head) if stop < 0 else stop + 1
        key, equals, value = head[end:stop].decode("utf-8", "replace").partition("=")
        key, end = key.strip(), stop
        if not equals or not re.fullmatch(r"[^\s:]+", key) or "\0" in value or key in lines:
            break
        lines[key] = value.strip()
        if key == _LAST_KEY:
            return lines, end
    raise broken(path, _LAST_KEY)


def _dtype(path: Path, lines: dict[str, str]) -> np.dtype[Any]:
    code = _TYPES.get(lines.get("ElementType", ""))
    if code is None:
        raise UnsupportedFormatError(
            f"'{path.name}' holds numbers of the type '{lines.get('ElementType', '')[:20]}'",
            expected="whole numbers of 1 to 8 bytes, float or double",
        )
    return np.dtype(code)


def _payload(path: Path, lines: dict[str, str], end: int, size: int) -> Payload:
    if not _truth(path, lines, "BinaryData", default="True"):
        raise UnsupportedFormatError(
            f"'{path.name}' stores its voxels as text", do="Save it again as binary data"
        )
    packed = _truth(path, lines, "CompressedData", default="False")
    named = lines[_LAST_KEY]
    if named.upper().startswith("LIST") or "%" in named:
        raise several_files(path)
    local = named in ("LOCAL", "Local", "local")
    data, offset = (path, end) if local else (inside_folder(path, named), 0)
    header = whole_numbers(path, "HeaderSize", lines.get("HeaderSize", "0"))
    if len(header) != 1 or header[0] < -1 or ((local or packed) and header != (0,)):
        raise broken(path, "HeaderSize")
    on_disk = data.stat().st_size
    if packed:
        _check_packed_size(path, lines, on_disk - offset)
    if header[0] == -1:  # the voxels are the end of the file
        offset = max(0, on_disk - size)
    return Payload(data, size, "zlib" if packed else "raw", offset=max(offset, header[0]))


def _check_packed_size(path: Path, lines: dict[str, str], on_disk: int) -> None:
    """Raise an error unless the header says how long the stream is: the library asks no one else.

    Where it finds nothing to unpack it says so on the terminal, and returns zeros.
    """
    if "CompressedDataSize" not in lines:
        raise broken(path, "CompressedDataSize")
    if lines["CompressedDataSize"] != str(on_disk):
        raise UnreadableFileError(
            f"'{path.name}' is cut off or too long: its voxels fill {on_disk:,} bytes",
            expected=f"{lines['CompressedDataSize'][:20]} by its header",
            do=COPY_AGAIN,
        )


def _truth(path: Path, lines: dict[str, str], key: str, *, default: str) -> bool:
    value = lines.get(key, default).lower()
    if value not in ("true", "false", "1", "0"):
        raise broken(path, key)
    return value in ("true", "1")
