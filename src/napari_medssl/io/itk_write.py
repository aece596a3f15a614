"""Writing NRRD and MetaImage: one file, packed, with the full direction cosines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.packed import gzip_writer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume.volume import Source

_NRRD_TYPES = {
    **{"i1": "int8", "u1": "uint8", "i2": "int16", "u2": "uint16", "i4": "int32"},
    **{"u4": "uint32", "i8": "int64", "u8": "uint64", "f4": "float", "f8": "double"},
}
_META_TYPES = {
    **{"i1": "CHAR", "u1": "UCHAR", "i2": "SHORT", "u2": "USHORT", "i4": "INT", "u4": "UINT"},
    **{"i8": "LONG_LONG", "u8": "ULONG_LONG", "f4": "FLOAT", "f8": "DOUBLE"},
}
_LEVEL = 1


def write_nrrd(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write an array (i, j, k), or colour (3, i, j, k), on a source's stored grid."""
    steps = source.geometry.affine[:3, :3].T
    colour = stored.ndim == 4
    lines = [
        "NRRD0004",
        f"type: {_NRRD_TYPES[_code(stored)]}",
        f"dimension: {stored.ndim}",
        "space: left-posterior-superior",
        f"sizes: {_spaced(stored.shape)}",
        f"space directions: {'none ' if colour else ''}{' '.join(_vector(s) for s in steps)}",
        f"kinds: {'RGB-color ' if colour else ''}domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(source.geometry.origin_mm)}",
        f"content: {'labels' if labels else 'image'}",
    ]
    with path.open("wb") as file:
        file.write("\n".join([*lines, "", ""]).encode())
        with gzip_writer(file) as packed:
            packed.write(_little_endian(stored))


def write_meta(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write an array (i, j, k), or colour (3, i, j, k), on a source's stored grid."""
    from isal import isal_zlib

    geometry = source.geometry
    packer = isal_zlib.compressobj(_LEVEL)
    body = packer.compress(_little_endian(stored)) + packer.flush()
    lines = [
        "ObjectType = Image",
        "NDims = 3",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        f"CompressedDataSize = {len(body)}",
        f"TransformMatrix = {_spaced(np.asarray(geometry.direction).T.ravel())}",
        f"Offset = {_spaced(geometry.origin_mm)}",
        f"ElementSpacing = {_spaced(geometry.spacing_mm)}",
        f"DimSize = {_spaced(stored.shape[-3:])}",
        *(["ElementNumberOfChannels = 3"] if stored.ndim == 4 else []),
        f"ElementType = MET_{_META_TYPES[_code(stored)]}",
        "ElementDataFile = LOCAL",
    ]
    with path.open("wb") as file:
        file.write("\n".join([*lines, ""]).encode())
        file.write(body)


def _code(stored: NDArray[Any]) -> str:
    return f"{stored.dtype.kind}{stored.dtype.itemsize}"


def _little_endian(stored: NDArray[Any]) -> memoryview:
    """Bytes with the first axis the fastest."""
    body = np.ascontiguousarray(stored.astype(stored.dtype.newbyteorder("<"), copy=False).T)
    return body.data.cast("B")


def _spaced(values: Any) -> str:
    return " ".join(f"{value:.17g}" for value in values)


def _vector(values: Any) -> str:
    return f"({','.join(f'{value:.17g}' for value in values)})"
