"""NIfTI-1 and NIfTI-2: ``.nii``, ``.nii.gz``, and ``.hdr`` with ``.img``, in either byte order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.assemble import assemble, rgb_of
from napari_medssl.io.gate import check_memory, check_volume, inside_folder
from napari_medssl.io.nifti_header import NiftiHeader
from napari_medssl.io.nifti_layout import NIFTI_2
from napari_medssl.io.nifti_space import place
from napari_medssl.io.packed import packing_of, read_head
from napari_medssl.io.payload import Payload

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume


def read_nifti(path: Path, *, volume: int = 0) -> Volume:
    """Read one 3-D volume; whole numbers stay whole numbers.

    Parameters
    ----------
    path : Path
        A file that looks like NIfTI; whether it is packed is decided by its content. Of a pair,
        either file.
    volume : int
        Which volume of a 4-D file.

    Raises
    ------
    MedSSLError
        If the file is damaged, of a kind that is no image, or cannot be placed in space.
    """
    head_path = _header_of(path)
    header = NiftiHeader.from_bytes(path.name, read_head(head_path, NIFTI_2.itemsize))
    check_volume(path.name, volume, header.volumes)
    placement = place(header)
    voxel_path = _image_of(head_path) if header.detached else head_path
    payload = Payload(
        voxel_path,
        header.bytes_per_volume * header.volumes,
        packing_of(voxel_path),
        skip=header.voxel_offset,
    )
    count = header.bytes_per_volume
    voxels, notices = payload.read(volume * count, count)
    stored, dropped = _as_image(voxels, header)
    return assemble(
        stored,
        placement,
        path=path,
        format="nifti",
        header=header.raw,
        volume=volume,
        volumes=header.volumes,
        notices=(*notices, *dropped),
    )


def _as_image(voxels: NDArray[np.uint8], header: NiftiHeader) -> tuple[NDArray[Any], Any]:
    if header.channels:
        colour = voxels.reshape(*header.sizes[::-1], header.channels)
        return rgb_of(colour.transpose(2, 1, 0, 3))
    stored = voxels.view(header.dtype).reshape(header.sizes[::-1]).T
    if header.scaling is None:
        return stored, ()
    check_memory(header.name, 8 * stored.size)
    return scaled(stored, *header.scaling), ()


def scaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Return ``stored * slope + intercept`` in the smallest fitting type.

    Whole numbers stay whole (int16 if they fit, else int32); everything else becomes float32, or
    float64 where it was stored so.
    """
    if stored.dtype.kind in "iu" and slope.is_integer() and intercept.is_integer():
        ends = [int(end) * int(slope) + int(intercept) for end in (stored.min(), stored.max())]
        widest = max(*map(abs, ends), abs(int(slope)), abs(int(intercept)), int(stored.max()))
        if widest < 2**31:
            whole = stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)
            fits = min(ends) >= -(2**15) and max(ends) < 2**15
            return whole.astype(np.int16) if fits else whole
    kind = np.float64 if stored.dtype.itemsize == 8 and stored.dtype.kind == "f" else np.float32
    values = np.empty_like(stored, kind)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told as not finite
        for k in range(stored.shape[2]):  # by slices: exact in float64 without a float64 volume
            values[..., k] = stored[..., k] * np.float64(slope) + np.float64(intercept)
    return values


def _header_of(path: Path) -> Path:
    return inside_folder(path, _renamed(path, ".img", ".hdr")) if _is(path, ".img") else path


def _image_of(header: Path) -> Path:
    """Return the ``.img`` beside a ``.hdr``, packed or not."""
    plain = _renamed(header, ".hdr", ".img")
    for name in (plain, f"{plain}.gz"):
        if (header.parent / name).exists():
            return inside_folder(header, name)
    return inside_folder(header, plain)


def _is(path: Path, suffix: str) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(suffix)


def _renamed(path: Path, old: str, new: str) -> str:
    stem = path.name.removesuffix(".gz")
    return stem[: -len(old)] + new if stem.lower().endswith(old) else stem + new
