"""The header of a NRRD file (``.nrrd``, or ``.nhdr`` with a data file beside it)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
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
from napari_medssl.io.packed import packing_named
from napari_medssl.io.payload import Payload
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.io.assemble import Placement

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

#: signs that turn a named space into LPS
_SPACES = {
    **dict.fromkeys(("left-posterior-superior", "lps", "lpst"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras", "rast"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las", "last"), (1, -1, 1)),
}
_COLOUR_KINDS = {"rgb-color", "rgba-color", "3-color", "4-color", "vector", "???", "list"}
_COUNTING_KINDS = {"list", "time", "point", "???", "none"}
_MM_PER_UNIT = {"um": 1e-3, "µm": 1e-3, "micron": 1e-3, "microns": 1e-3, "cm": 10.0, "m": 1e3}


@dataclass(frozen=True)
class _Fields:
    """The ``name: value`` lines by lower-case name, and where the header ends."""

    path: Path
    lines: dict[str, str]
    end: int

    def get(self, *names: str) -> str | None:
        return next((self.lines[n] for n in names if n in self.lines), None)

    def need(self, name: str) -> str:
        value = self.lines.get(name)
        if not value:
            raise broken(self.path, name)
        return value


def read_nrrd_header(path: Path) -> GridHeader:
    """Read and check the header of a NRRD file.

    Raises
    ------
    MedSSLError
        If a line is missing or damaged, the image has no place in space, or the data file lies
        outside the header's folder.
    """
    fields = _fields(path)
    sizes = whole_numbers(path, "sizes", fields.need("sizes"))
    if fields.get("dimension") != str(len(sizes)) or not 2 <= len(sizes) <= 4:
        raise UnreadableFileError(
            f"the header of '{path.name}' lists {len(sizes)} sizes for a dimension of "
            f"{(fields.get('dimension') or 'none')[:20]}",
            expected="the same number, from 2 to 4",
        )
    dtype = _dtype(fields)
    payload = _payload(fields, bytes_of(path.name, sizes, dtype))
    steps = _steps(fields, len(sizes))
    role, extra = _role_of_extra_axis(fields, sizes, dtype, steps)
    spatial = [axis for axis in range(len(sizes)) if axis != extra]
    return GridHeader(
        sizes,
        dtype,
        _placement(fields, [sizes[a] for a in spatial], steps and [steps[a] for a in spatial]),
        payload,
        colour_axis=extra if role == "colour" else None,
        volume_axis=extra if role == "volumes" else None,
    )


def _fields(path: Path) -> _Fields:
    head = head_text(path)
    if not head.startswith(NRRD_MAGIC):
        raise UnreadableFileError(
            f"'{path.name}' does not begin like a NRRD file", expected="what its name says"
        )
    end = re.search(rb"\r?\n\r?\n", head)
    lines: dict[str, str] = {}
    for line in head[: end.start() if end else None].decode("utf-8", "replace").splitlines()[1:]:
        name, colon, value = line.partition(": ")
        if colon and not line.startswith("#") and ":=" not in name:
            lines[name.strip().lower()] = value.strip()
        elif line.lower().startswith(("data file:", "datafile:")):
            raise several_files(path)
    return _Fields(path, lines, end.end() if end else len(head))


def _dtype(fields: _Fields) -> np.dtype[Any]:
    code = _TYPE_OF.get(fields.need("type").lower())
    if code is None:
        raise UnsupportedFormatError(
            f"'{fields.path.name}' holds numbers of the type '{fields.need('type')[:20]}'",
            expected="whole numbers of 1 to 8 bytes, float or double",
        )
    endian = {"little": "<", "big": ">"}.get((fields.get("endian") or "").lower())
    if endian is None and code[1] != "1":
        raise broken(fields.path, "endian")
    return np.dtype((endian or "<") + code)


def _payload(fields: _Fields, size: int) -> Payload:
    packing = packing_named(fields.need("encoding").lower(), fields.path.name)
    named = fields.get("data file", "datafile")
    if named is None:
        data, offset = fields.path, fields.end
    elif named.upper().startswith("LIST") or "%" in named:
        raise several_files(fields.path)
    else:
        data, offset = inside_folder(fields.path, named), 0
    lines = whole_numbers(fields.path, "line skip", fields.get("line skip", "lineskip") or "0")
    skip = whole_numbers(fields.path, "byte skip", fields.get("byte skip", "byteskip") or "0")
    if len(lines) != 1 or lines[0] or len(skip) != 1 or skip[0] < -1:
        raise broken(fields.path, "line skip or byte skip")
    if skip[0] == -1:  # the voxels are the end of the file
        return Payload(data, size, packing, offset=max(offset, data.stat().st_size - size))
    return Payload(data, size, packing, offset=offset, skip=skip[0])


def _steps(fields: _Fields, count: int) -> list[list[float] | None] | None:
    """World step of each axis in the file's own space, None for an axis that is not of space."""
    text = fields.get("space directions")
    if text is None:
        return None
    tokens = re.findall(r"none|\([^)]*\)", text)
    if len(tokens) != count:
        raise broken(fields.path, "space directions")
    return [None if t == "none" else _vector(fields, "space directions", t) for t in tokens]


def _vector(fields: _Fields, what: str, text: str) -> list[float]:
    """Numbers of ``(a,b,c)``; two are given a third, 0, and of four the last, time, is dropped."""
    parts = text.strip("()").split(",")
    found = numbers(fields.path, what, " ".join(parts), len(parts))
    if not 2 <= len(found) <= 4:
        raise broken(fields.path, what)
    return [*found, 0.0][:3]


def _role_of_extra_axis(
    fields: _Fields,
    sizes: tuple[int, ...],
    dtype: np.dtype[Any],
    steps: list[list[float] | None] | None,
) -> tuple[str, int | None]:
    """Find the axis that is not of space, if any, and whether it is colour or counts volumes."""
    kinds = (fields.get("kinds") or "").lower().split()
    if len(kinds) != len(sizes):
        kinds = ["???"] * len(sizes)
    outside = {axis for axis, step in enumerate(steps or ()) if step is None}
    outside |= {a for a, kind in enumerate(kinds) if kind not in ("domain", "space", "???")}
    if not outside and len(sizes) == 4:
        outside = {3}
        kinds[3] = "time"
    if not outside:
        return "", None
    axis = outside.pop()
    if outside:
        raise vectors(fields.path)
    is_colour = dtype == np.uint8 and sizes[axis] in (3, 4) and kinds[axis] in _COLOUR_KINDS
    if is_colour and (axis == 0 or "color" in kinds[axis]):
        return "colour", axis
    if kinds[axis] not in _COUNTING_KINDS:
        raise vectors(fields.path)
    return "volumes", axis


def _placement(
    fields: _Fields, sizes: list[int], steps: list[list[float] | None] | None
) -> Placement:
    space = (fields.get("space") or "").lower().removesuffix("-time")
    signs = np.array(_SPACES.get(space, (1, 1, 1)), float)
    unit, notices = _unit(fields)
    spacing = _spacings(fields, len(sizes))
    if steps is None:
        world = np.eye(len(sizes), 3) * np.reshape(spacing or [1.0] * len(sizes), (-1, 1))
    else:
        world = np.array(steps, float)
    origin = _vector(fields, "space origin", fields.get("space origin") or "(0,0,0)")
    geometry = place(fields.path, sizes, world * signs * unit, np.array(origin) * signs * unit)
    found = placed(
        geometry,
        spacing_known=steps is not None or spacing is not None,
        orientation_known=space in _SPACES,
    )
    return replace(found, notices=(*found.notices, *notices))


def _spacings(fields: _Fields, count: int) -> list[float] | None:
    """Voxel sizes of the axes of space, where the header gives all of them."""
    text = fields.get("spacings")
    if text is None:
        return None
    found = numbers(fields.path, "spacings", text, len(text.split()))
    known = [size for size in found if not np.isnan(size)]
    return known if len(known) == count else None


def _unit(fields: _Fields) -> tuple[float, tuple[Notice, ...]]:
    units = re.findall(r'"([^"]*)"', fields.get("space units", "units") or "")
    scale = {_MM_PER_UNIT.get(unit.lower(), 1.0) for unit in units if unit} or {1.0}
    if scale == {1.0} or len(scale) > 1:
        return 1.0, ()
    words = f"The file gives sizes in {units[0]}; they are shown in mm."
    return scale.pop(), (Notice("units-converted", words),)
