"""Reading NRRD and MetaImage: our gate, then SimpleITK, then what ITK keeps to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError, UnreadableFileError
from napari_medssl.io.assemble import Placement, assemble, rgb_of
from napari_medssl.io.gate import check_memory, check_volume
from napari_medssl.io.itk.library import quiet_itk
from napari_medssl.io.itk.meta import read_meta_header
from napari_medssl.io.itk.nrrd import read_nrrd_header
from napari_medssl.volume import Geometry, Notice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.io.itk.header import GridHeader
    from napari_medssl.volume import Volume

_SPACING_ASSUMED = Notice(
    "spacing-assumed", "The file gives no voxel size; 1 mm is assumed along each axis."
)
_ORIENTATION_UNKNOWN = Notice(
    "orientation-unknown",
    "The file does not say which side is which. It is shown as if its first axis ran to the "
    "patient's left, its second to the back and its third to the head: check left and right.",
)


def read_nrrd(path: Path, *, volume: int = 0) -> Volume:
    """Read one 3-D volume of a ``.nrrd`` or ``.nhdr`` file; errors as in `read_nifti`."""
    return _read(path, read_nrrd_header(path), volume, "nrrd", "NrrdImageIO")


def read_meta(path: Path, *, volume: int = 0) -> Volume:
    """Read one 3-D volume of a ``.mha`` or ``.mhd`` file; errors as in `read_nifti`."""
    return _read(path, read_meta_header(path), volume, "mha", "MetaImageIO")


def _read(path: Path, header: GridHeader, volume: int, format: str, image_io: str) -> Volume:
    check_memory(path.name, 2 * header.payload.size)
    notices = (*header.payload.check(), *header.notices)
    try:
        with quiet_itk() as itk:
            reader = itk.ImageFileReader()
            reader.SetFileName(str(path))
            reader.SetImageIO(image_io)  # content decides, not the name
            reader.ReadImageInformation()
            placement = _placement(path, reader, header)
            volumes = _volumes(reader, header)
            check_volume(path.name, volume, volumes)
            stored = _stored(itk, reader, volume)
    except RuntimeError as error:
        raise UnreadableFileError(
            f"'{path.name}' is laid out in a way that cannot be read",
            expected="two or three axes in space, and at most one more",
            do="Save it again as .mha or .nii.gz with the program that wrote it",
        ) from error
    _require_all(path, stored, header, whole=reader.GetDimension() < 4, volumes=volumes)
    dropped: tuple[Notice, ...] = ()
    if header.counting:
        stored = stored[volume]
    elif reader.GetNumberOfComponents() > 1:
        stored, dropped = rgb_of(np.moveaxis(stored, 0, -1))
    return assemble(
        stored[..., None] if reader.GetDimension() == 2 else stored,
        placement,
        path=path,
        format=format,
        modality=header.modality,
        volume=volume,
        volumes=volumes,
        notices=(*notices, *dropped),
    )


def _volumes(reader: Any, header: GridHeader) -> int:
    if header.counting:
        return int(reader.GetNumberOfComponents())
    return int(reader.GetSize()[3]) if reader.GetDimension() == 4 else 1


def _stored(itk: Any, reader: Any, volume: int) -> NDArray[Any]:
    """Return voxels (i, j, k), or (component, i, j, k), of one 3-D volume."""
    if reader.GetDimension() == 4:
        reader.SetExtractSize([*reader.GetSize()[:3], 0])
        reader.SetExtractIndex([0, 0, 0, volume])
    array: NDArray[Any] = itk.GetArrayFromImage(reader.Execute())
    return array.T


def _require_all(
    path: Path, stored: NDArray[Any], header: GridHeader, *, whole: bool, volumes: int
) -> None:
    """Make sure that the library found in the file what the gate had checked."""
    found = stored.nbytes * (1 if whole else volumes)
    if stored.dtype != header.dtype or found != header.payload.size:
        raise UnreadableFileError(
            f"the header of '{path.name}' contradicts itself about its voxels",
            do="Save it again as .mha or .nii.gz with the program that wrote it",
        )


def _placement(path: Path, reader: Any, header: GridHeader) -> Placement:
    """Return the grid of the axes in space; a picture's missing third one runs up the body."""
    count, axes = reader.GetDimension(), min(3, reader.GetDimension())
    affine = np.eye(4)
    # the columns as they are: a grid whose axes are not at right angles stays so
    direction = np.reshape(reader.GetDirection(), (count, count)) * reader.GetSpacing()
    affine[:axes, :axes] = direction[:axes, :axes] * header.mm_per_unit
    affine[:axes, 3] = np.asarray(reader.GetOrigin()[:axes]) * header.mm_per_unit
    try:
        geometry = Geometry.from_affine((*reader.GetSize(), 1)[:3], affine)
    except GeometryError as error:
        raise GeometryError(
            f"the header of '{path.name}' cannot be used: {error.came}",
            expected=error.expected,
            do=error.do,
        ) from None
    known = (header.spacing_known, header.orientation_known)
    doubts = zip(known, (_SPACING_ASSUMED, _ORIENTATION_UNKNOWN), strict=True)
    return Placement(geometry, *known, tuple(notice for sure, notice in doubts if not sure))
