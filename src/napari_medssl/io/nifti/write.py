"""Writing NIfTI: a fresh header that takes from the source's only where its voxels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.nifti.header import NiftiHeader
from napari_medssl.io.nifti.place import RAS_TO_LPS, place
from napari_medssl.io.packed import gzip_writer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume import Geometry
    from napari_medssl.volume.volume import Source

#: the fields that say where the voxels are, by the same names in both versions
_ORIENTATION_FIELDS = (
    *("pixdim", "xyzt_units", "qform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "sform_code", "srow_x", "srow_y", "srow_z"),
)
_MOST_NIFTI_1 = 2**15 - 1


def write_nifti(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write an array (i, j, k), or colour (3, i, j, k), on a source's stored grid.

    Where the source is a NIfTI file of this very grid, its sform, qform, codes, voxel sizes and
    unit are kept byte for byte, in its byte order and version of the standard.
    """
    image = _image(stored, source, labels=labels)
    with path.open("wb") as file:
        if not path.name.lower().endswith(".gz"):
            image.to_stream(file)
            return
        with gzip_writer(file) as packed:
            image.to_stream(packed)


def _image(stored: NDArray[Any], source: Source, *, labels: bool) -> Any:
    """Return a nibabel image with a fresh header, placed as the source is."""
    from nibabel import Nifti1Image, Nifti2Image

    original, voxels = _header_of(source), _one_item_a_voxel(stored)
    if original is not None and original["dim"][0] == 2:
        voxels = voxels[..., 0]
    is_first = original.sizeof_hdr == 348 if original else max(voxels.shape) <= _MOST_NIFTI_1
    kind: Any = Nifti1Image if is_first else Nifti2Image
    header = kind.header_class(endianness=original.endianness if original else "<")
    header.set_data_dtype(voxels.dtype)
    header.set_intent("label" if labels else "none")
    header["descrip"] = b"napari-medssl; research use only"
    image = kind(voxels, None, header)
    if original is None:
        _orient(image.header, source.geometry)
    else:
        for name in _ORIENTATION_FIELDS:
            image.header[name] = original[name]
    return image


def _one_item_a_voxel(stored: NDArray[Any]) -> NDArray[Any]:
    """Make of colour (3, i, j, k) an array (i, j, k) of named fields, as nibabel wants it."""
    if stored.ndim == 3:
        return stored
    rgb = np.dtype([(letter, "u1") for letter in "RGB"])
    voxels: NDArray[Any] = np.ascontiguousarray(np.moveaxis(stored, 0, -1)).view(rgb)[..., 0]
    return voxels


def _header_of(source: Source) -> Any | None:
    """Return the source's own nibabel header while it still describes the grid to be written."""
    if source.format != "nifti" or not source.header:
        return None
    header = NiftiHeader.from_bytes(source.name, source.header)
    return header.fields if place(header).geometry.matches(source.geometry) else None


def _orient(header: Any, geometry: Geometry) -> None:
    """Write where the voxels are: as sform, and as qform too unless the axes are sheared."""
    affine = RAS_TO_LPS @ geometry.affine
    header.set_xyzt_units("mm")
    header.set_qform(affine, "scanner")
    header.set_sform(affine, "scanner")
    if not geometry.is_orthogonal:
        header["qform_code"] = 0
