"""NRRD and MetaImage: ``.nrrd``, ``.nhdr``, ``.mha``, ``.mhd``, the formats of ITK and 3D Slicer.

The bytes are taken from behind our own check of the header, not by ITK: on 33 damaged files it
filled cut-off images up with zeros and followed a detached header to any file of the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.assemble import assemble, rgb_of
from napari_medssl.io.gate import check_volume
from napari_medssl.io.meta_header import read_meta_header
from napari_medssl.io.nrrd_header import read_nrrd_header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.io.grid_header import GridHeader
    from napari_medssl.volume import Notice, Volume


def read_nrrd(path: Path, *, volume: int = 0) -> Volume:
    """Read one 3-D volume of a ``.nrrd`` or ``.nhdr`` file; errors as in `read_nifti`."""
    return _read(path, volume, "nrrd", read_nrrd_header)


def read_meta(path: Path, *, volume: int = 0) -> Volume:
    """Read one 3-D volume of a ``.mha`` or ``.mhd`` file; errors as in `read_nifti`."""
    return _read(path, volume, "mha", read_meta_header)


def _read(path: Path, volume: int, format: str, parse: Callable[[Path], GridHeader]) -> Volume:
    header = parse(path)
    check_volume(path.name, volume, header.volumes)
    grid, notices = _one_volume(header, volume)
    dropped: tuple[Notice, ...] = ()
    if header.colour_axis is not None:
        grid, dropped = rgb_of(np.moveaxis(grid, header.colour_axis, -1))
    return assemble(
        _three_axes(grid, header),
        header.placement,
        path=path,
        format=format,
        modality=header.modality,
        volume=volume,
        volumes=header.volumes,
        notices=(*notices, *dropped),
    )


def _one_volume(header: GridHeader, volume: int) -> tuple[NDArray[Any], tuple[Notice, ...]]:
    """Return the array in the file's own order of axes, without the axis that counts volumes."""
    whole, sizes = header.payload.size, header.sizes
    if header.volumes_follow:
        part = whole // header.volumes
        voxels, notices = header.payload.read(volume * part, part)
        return voxels.view(header.dtype).reshape(sizes[-2::-1]).T, notices
    voxels, notices = header.payload.read(0, whole)
    array = voxels.view(header.dtype).reshape(sizes[::-1]).T
    if header.volume_axis is not None:
        array = np.take(array, volume, axis=header.volume_axis)
    return array, notices


def _three_axes(array: NDArray[Any], header: GridHeader) -> NDArray[Any]:
    """Give a single picture its third axis, of one voxel."""
    lead = 0 if header.colour_axis is None else 1
    return array[..., None] if array.ndim == lead + 2 else array
