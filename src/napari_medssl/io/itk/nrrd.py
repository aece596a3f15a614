"""The gate of NRRD (``.nrrd``, or ``.nhdr`` with a data file beside it)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.gate import inside_folder
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
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.io.packed import Packing

NRRD_MAGIC = b"NRRD000"

_TYPES = {
    "i1": "signed char, int8, int8_t",
    "u1": "uchar, unsigned char, uint8, uint8_t",
    "i2": "short, short int, signed short, signed short int, int16, int16_t",
    "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "i4": "int, signed int, int32, int32_t",
    "u4": "uint, unsigned int, uint32, uint32_t",
    "i8": "longlong, long long, long long int, signed long long, signed long long int, "
    "int64, int64_t",
    "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "f4": "float",
    "f8": "double",
}
_TYPE_OF = {name: code for code, names in _TYPES.items() for name in names.split(", ")}
_PACKINGS: dict[str, Packing] = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}

#: spaces that say which side is which; ITK turns them all into LPS
_SPACES = (
    *("left-posterior-superior", "lps", "lpst", "right-anterior-superior", "ras", "rast"),
    *("left-anterior-superior", "las", "last"),
)
_AXES_OF_THE_GRID = ("domain", "space", "time", "none", "???")
_MM_PER_UNIT = {"um": 1e-3, "µm": 1e-3, "micron": 1e-3, "microns": 1e-3, "cm": 10.0, "m": 1e3}


def read_nrrd_header(path: Path) -> GridHeader:
    """Read and check the header of a NRRD file.

    Raises
    ------
    MedSSLError
        If a line is missing or damaged, or the data file lies outside the header's folder.
    """
    lines, end = _lines(path)
    sizes = whole_numbers(path, "sizes", lines.get("sizes", ""))
    if lines.get("dimension") != str(len(sizes)) or not 2 <= len(sizes) <= 4:
        raise UnreadableFileError(
            f"the header of '{path.name}' lists {len(sizes)} sizes for a dimension of "
            f"{lines.get('dimension', 'none')[:20]}",
            expected="the same number, from 2 to 4",
        )
    for what in ("space directions", "space origin"):
        check_numbers(path, what, re.sub(r"none|[(),]", " ", lines.get(what, "")))
    dtype = _dtype(path, lines)
    unit, notices = _unit(lines)
    return GridHeader(
        dtype,
        _payload(path, lines, end, bytes_of(path.name, sizes, dtype)),
        counting=_counts_volumes(path, lines, sizes, dtype),
        spacing_known=not lines.keys().isdisjoint(("space directions", "spacings")),
        orientation_known=lines.get("space", "").lower().removesuffix("-time") in _SPACES,
        mm_per_unit=unit,
        notices=notices,
    )


def _lines(path: Path) -> tuple[dict[str, str], int]:
    """Return the ``name: value`` lines by lower-case name, and where the header ends."""
    head = head_of(path)
    if not head.startswith(NRRD_MAGIC):
        raise UnreadableFileError(
            f"'{path.name}' does not begin like a NRRD file", expected="what its name says"
        )
    blank = re.search(rb"\r?\n\r?\n", head)
    end = blank.end() if blank else len(head)
    lines: dict[str, str] = {}
    for line in re.split(r"\r?\n", head[:end].decode("utf-8", "replace"))[1:]:
        if not line or line.startswith("#") or ":=" in line:
            continue
        name, colon, value = line.partition(":")
        name = {"datafile": "data file"}.get(name.lower(), name.lower())
        if not colon or name in lines or "\0" in line:
            raise broken(path, f"'{name[:20]}'")
        lines[name] = value.strip()
    return lines, end


def _dtype(path: Path, lines: dict[str, str]) -> np.dtype[Any]:
    if not lines.get("type"):
        raise broken(path, "type")
    code = _TYPE_OF.get(lines["type"].lower())
    if code is None:
        raise UnsupportedFormatError(
            f"'{path.name}' holds numbers of the type '{lines['type'][:20]}'",
            expected="whole numbers of 1 to 8 bytes, float or double",
        )
    return np.dtype(code)


def _payload(path: Path, lines: dict[str, str], end: int, size: int) -> Payload:
    packing = _packing(path, lines)
    named = lines.get("data file")
    if named is None:
        data, offset = path, end
    elif named.upper().startswith("LIST") or "%" in named:
        raise several_files(path)
    else:
        data, offset = inside_folder(path, named), 0
    skipped_lines = lines.get("line skip", lines.get("lineskip", "0"))
    skip = whole_numbers(path, "byte skip", lines.get("byte skip", lines.get("byteskip", "0")))
    least = -1 if packing == "raw" else 0
    if skipped_lines != "0" or len(skip) != 1 or skip[0] < least:
        raise broken(path, "line skip or byte skip")
    if skip[0] == -1:  # the voxels are the end of the file
        return Payload(data, size, packing, offset=max(offset, data.stat().st_size - size))
    return Payload(data, size, packing, offset=offset, skip=skip[0])


def _packing(path: Path, lines: dict[str, str]) -> Packing:
    named = lines.get("encoding")
    if not named:
        raise broken(path, "encoding")
    if named.lower() not in _PACKINGS:
        raise UnsupportedFormatError(
            f"'{path.name}' stores its voxels as '{named[:20]}'",
            expected="raw or gzip",
            do="Save it again with one of these encodings",
        )
    return _PACKINGS[named.lower()]


def _counts_volumes(
    path: Path, lines: dict[str, str], sizes: tuple[int, ...], dtype: np.dtype[Any]
) -> bool:
    """Tell whether the numbers at a voxel are volumes, not colour; refuse any other meaning."""
    kinds = lines.get("kinds", "").lower().split()
    extra = [(a, kind) for a, kind in enumerate(kinds) if kind not in _AXES_OF_THE_GRID]
    if not extra:
        return False
    axis, kind = extra[0]
    named_colour = "color" in kind or (axis == 0 and kind in ("vector", "list"))
    if len(extra) > 1 or len(kinds) != len(sizes):
        raise vectors(path)
    if named_colour and dtype == np.uint8 and sizes[axis] in (3, 4):
        return False
    if kind not in ("list", "point"):
        raise vectors(path)
    return True


def _unit(lines: dict[str, str]) -> tuple[float, tuple[Notice, ...]]:
    units = re.findall(r'"([^"]*)"', lines.get("space units", lines.get("units", "")))
    scale = {_MM_PER_UNIT.get(unit.lower(), 1.0) for unit in units if unit} or {1.0}
    if scale == {1.0} or len(scale) > 1:
        return 1.0, ()
    words = f"The file gives sizes in {units[0]}; they are shown in mm."
    return scale.pop(), (Notice("units-converted", words),)
