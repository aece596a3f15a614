"""Writing NRRD and MetaImage with SimpleITK: one packed file, with the full direction cosines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.itk.library import quiet_itk

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume.volume import Source

_LEVEL = 1  # of packing: several times as fast as the usual level, for masks nearly as small


def write_nrrd(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write an array (i, j, k), or colour (3, i, j, k), on a source's stored grid."""
    _write(path, stored, source, "NrrdImageIO")


def write_meta(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write an array (i, j, k), or colour (3, i, j, k), on a source's stored grid."""
    _write(path, stored, source, "MetaImageIO")


def _write(path: Path, stored: NDArray[Any], source: Source, image_io: str) -> None:
    geometry = source.geometry
    try:
        with quiet_itk() as itk:
            image = itk.GetImageFromArray(np.ascontiguousarray(stored.T), isVector=stored.ndim == 4)
            image.SetSpacing(geometry.spacing_mm)
            image.SetOrigin(geometry.origin_mm)
            image.SetDirection(np.ravel(geometry.direction).tolist())
            writer = itk.ImageFileWriter()
            writer.SetImageIO(image_io)
            writer.SetFileName(str(path))
            writer.UseCompressionOn()
            writer.SetCompressionLevel(_LEVEL)
            writer.Execute(image)
    except RuntimeError as error:  # every grid and type of ours is ITK's too: it is the disk
        raise OSError from error
