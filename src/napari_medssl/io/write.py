"""Writing an image, or any array on an image's stored grid, and reading it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import SaveError, UnreadableFileError
from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.itk import write_meta, write_nrrd
from napari_medssl.io.nifti import write_nifti
from napari_medssl.io.picture_write import write_png
from napari_medssl.io.read import read_volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume import Volume
    from napari_medssl.volume.volume import Source

#: NIfTI holds places as 32-bit numbers
_SAME_PLACE_VOXELS = 0.01

_WRITERS = {
    ".nii": write_nifti,
    ".nii.gz": write_nifti,
    ".nrrd": write_nrrd,
    ".mha": write_meta,
    ".png": write_png,
}


def write_volume(volume: Volume, path: str | Path) -> Path:
    """Write an image: values, type and the file's own order of axes are kept.

    Parameters
    ----------
    volume : Volume
        The image.
    path : str or Path
        Target; its suffix (.nii, .nii.gz, .nrrd, .mha; .png for a picture) chooses the format.

    Raises
    ------
    SaveError
        If the target is the source itself, of another format, or cannot be written, or the
        image's colours are not 8-bit.
    """
    path = Path(path)
    if volume.is_rgb and volume.array.dtype != np.uint8:
        raise SaveError(
            f"the colours for '{path.name}' are numbers of the type {volume.array.dtype}",
            expected="red, green and blue of 0 to 255, which is all that a file can hold",
            do="Save the image before it was scaled, or in grey",
        )
    save_stored(path, volume.to_source(volume.array), volume.source, labels=False)
    return path


def save_stored(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write an array in the source's stored order of axes, atomically, and compare it bit by bit.

    Parameters
    ----------
    path : Path
        Target; its suffix chooses the format.
    stored : (i, j, k) or (3, i, j, k) array
        Values on ``source.geometry``.
    source : Source
        Where the voxels are.
    labels : bool
        Whether the values are labels, for formats that say so.
    """
    require_not_source(path, source)
    write = _WRITERS[suffix_of(path)]

    def verify(part: Path) -> None:
        back = read_volume(part)
        tolerance = _SAME_PLACE_VOXELS * min(source.geometry.spacing_mm)
        if not back.source.geometry.matches(source.geometry, tolerance_mm=tolerance):
            raise UnreadableFileError(f"'{path.name}' does not lie where it was put")
        if not same_bits(back.to_source(back.array), stored):
            raise UnreadableFileError(f"'{path.name}' does not hold the values it was given")

    atomic_write(path, lambda part: write(part, stored, source, labels=labels), verify)


def suffix_of(path: Path) -> str:
    """Return the suffix by which a format to write is chosen.

    Raises
    ------
    SaveError
        If we do not write this format.
    """
    name = path.name.lower()
    for suffix in sorted(_WRITERS, key=len, reverse=True):
        if name.endswith(suffix) and name != suffix:
            return suffix
    raise SaveError(
        f"the name '{path.name}' says no format that can be saved",
        expected=f"a name that ends in {', '.join(_WRITERS)}",
    )


def require_not_source(path: Path, source: Source) -> None:
    """Raise `SaveError` if ``path`` is the image itself: images are never written over."""
    if source.path is not None and path.resolve() == source.path.resolve():
        raise SaveError(
            f"'{path.name}' is the image itself, which is never written over",
            do="Choose another name",
        )


def same_bits(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Tell whether two arrays have one type and the same values, bit by bit."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    bits = f"u{one.dtype.itemsize}"
    return np.array_equal(one.view(bits), other.view(bits))
