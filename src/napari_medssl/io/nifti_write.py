"""Writing NIfTI: a fresh header that takes from the source's only where its voxels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.nifti_header import NiftiHeader
from napari_medssl.io.nifti_layout import (
    DATATYPES,
    MAGIC,
    NIFTI_1,
    NIFTI_2,
    ORIENTATION_FIELDS,
    RGB,
)
from napari_medssl.io.nifti_space import RAS_TO_LPS, place
from napari_medssl.io.packed import gzip_writer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume import Geometry
    from napari_medssl.volume.volume import Source

_CODE_OF = {kind: code for code, kind in DATATYPES.items()}
_INTENT_LABEL = 1002
_SCANNER, _MILLIMETRES = 1, 2
_MOST_NIFTI_1 = 2**15 - 1


def write_nifti(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write an array (i, j, k), or colour (3, i, j, k), on a source's stored grid.

    Where the source is a NIfTI file of this very grid, its sform, qform, codes, voxel sizes and
    unit are kept byte for byte, in its byte order and version of the standard.
    """
    fields = _fields(source, stored, labels=labels)
    order = fields.dtype["sizeof_hdr"].byteorder
    voxels = stored.astype(stored.dtype.newbyteorder(order), copy=False)
    # the fastest axis of a file is its first: colour, i, j, k
    body = np.ascontiguousarray(voxels.T)
    with path.open("wb") as file:
        if not path.name.lower().endswith(".gz"):
            _put(file, fields, body)
            return
        with gzip_writer(file) as packed:
            _put(packed, fields, body)


def _put(file: Any, fields: NDArray[Any], body: NDArray[Any]) -> None:
    file.write(fields.tobytes() + bytes(4))  # four zeros: no extensions follow
    file.write(body.data.cast("B"))


def _fields(source: Source, stored: NDArray[Any], *, labels: bool) -> NDArray[Any]:
    original = _header_of(source)
    if original is not None:
        layout = original.fields.dtype
    else:
        layout = (NIFTI_1 if max(stored.shape) <= _MOST_NIFTI_1 else NIFTI_2).newbyteorder("<")
    fields = np.zeros((), layout)
    rgb = stored.ndim == 4
    fields["sizeof_hdr"] = layout.itemsize
    fields["magic"] = MAGIC[layout.itemsize][0]
    fields["vox_offset"] = layout.itemsize + 4
    fields["scl_slope"] = 1
    fields["dim"] = [3, *stored.shape[-3:], 1, 1, 1, 1]
    fields["datatype"] = RGB if rgb else _CODE_OF[f"{stored.dtype.kind}{stored.dtype.itemsize}"]
    fields["bitpix"] = 24 if rgb else 8 * stored.dtype.itemsize
    fields["intent_code"] = _INTENT_LABEL if labels else 0
    fields["descrip"] = b"napari-medssl; research use only"
    if original is not None:
        fields["dim"][0] = min(3, original.fields["dim"][0])
        for name in ORIENTATION_FIELDS:
            fields[name] = original.fields[name]
    else:
        _orient(fields, source.geometry)
    return fields


def _header_of(source: Source) -> NiftiHeader | None:
    """Return the source's own header while it still describes the grid to be written."""
    if source.format != "nifti" or not source.header:
        return None
    header = NiftiHeader.from_bytes(source.name, source.header)
    return header if place(header).geometry.matches(source.geometry) else None


def _orient(fields: NDArray[Any], geometry: Geometry) -> None:
    """Write where the voxels are: as sform, and as qform too unless the axes are sheared."""
    affine = RAS_TO_LPS @ geometry.affine
    fields["xyzt_units"] = _MILLIMETRES
    fields["sform_code"] = _SCANNER
    for row, axis in enumerate("xyz"):
        fields[f"srow_{axis}"] = affine[row]
        fields[f"qoffset_{axis}"] = affine[row, 3]
    fields["pixdim"] = [1, *geometry.spacing_mm, 1, 1, 1, 1]
    if not geometry.is_orthogonal:
        return
    from scipy.spatial.transform import Rotation

    rotation = affine[:3, :3] / np.asarray(geometry.spacing_mm)
    if np.linalg.det(rotation) < 0:  # a mirrored grid: the standard turns the third axis over
        fields["pixdim"][0] = -1
        rotation = rotation * [1, 1, -1]
    b, c, d, a = Rotation.from_matrix(rotation).as_quat()
    sign = -1 if a < 0 else 1
    fields["qform_code"] = _SCANNER
    for name, value in zip("bcd", (b, c, d), strict=True):
        fields[f"quatern_{name}"] = sign * value
