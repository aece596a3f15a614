"""Reading NIfTI: our gate takes the bytes, nibabel makes values of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.assemble import assemble, rgb_of
from napari_medssl.io.gate import check_memory, check_volume, inside_folder
from napari_medssl.io.nifti.header import LONGEST_HEADER, NiftiHeader
from napari_medssl.io.nifti.place import place
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
    header = NiftiHeader.from_bytes(path.name, read_head(head_path, LONGEST_HEADER))
    check_volume(path.name, volume, header.volumes)
    placement = place(header)
    voxel_path = _image_of(head_path) if header.detached else head_path
    count = header.bytes_per_volume
    payload = Payload(
        voxel_path, count * header.volumes, packing_of(voxel_path), skip=header.voxel_offset
    )
    voxels, notices = payload.read(volume * count, count)
    stored, dropped = _as_image(voxels, header)
    return assemble(
        stored,
        placement,
        path=path,
        format="nifti",
        header=header.fields.binaryblock,
        volume=volume,
        volumes=header.volumes,
        notices=(*notices, *dropped),
    )


def _as_image(voxels: NDArray[np.uint8], header: NiftiHeader) -> tuple[NDArray[Any], Any]:
    # the checked bytes as they lie: nibabel would take them from a stream and copy them twice
    stored: NDArray[Any] = np.ndarray(header.sizes, header.dtype, voxels.data, order="F")
    if names := header.dtype.names:
        return rgb_of(np.stack([stored[name] for name in names], axis=-1))
    if header.scaling is None:
        return stored, ()
    check_memory(header.name, 8 * stored.size)
    return scaled(stored, *header.scaling), ()


def scaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Return ``stored * slope + intercept`` in the smallest fitting type.

    Whole numbers stay whole (int16 if they fit, else int32); everything else becomes float32, or
    float64 where it was stored so. nibabel alone would make float64 of them all.
    """
    from nibabel.volumeutils import apply_read_scaling

    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told as not finite
        values = apply_read_scaling(stored, np.float64(slope), np.float64(intercept))
        if stored.dtype.kind in "iu" and slope.is_integer() and intercept.is_integer():
            for kind in (np.int16, np.int32):
                if np.iinfo(kind).min <= values.min() and values.max() <= np.iinfo(kind).max:
                    return np.asarray(values, kind)
        is_double = stored.dtype.kind == "f" and stored.dtype.itemsize == 8
        return np.asarray(values, np.float64 if is_double else np.float32)


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
