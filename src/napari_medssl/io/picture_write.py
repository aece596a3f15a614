"""Writing PNG: for masks of pictures, which have no place in space to lose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import SaveError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume.volume import Source


def write_png(path: Path, stored: NDArray[Any], source: Source, *, labels: bool) -> None:
    """Write one slice (column, row, 1), or colour (3, column, row, 1), of a picture.

    Raises
    ------
    SaveError
        If the source has a place in space, which PNG cannot hold, more than one slice, or values
        of more than 16 bits.
    """
    from PIL import Image

    if source.format != "picture" or stored.shape[-1] != 1:
        raise SaveError(
            "PNG cannot hold where a scan lies in the patient",
            expected="a mask of a single picture",
            do="Choose a name that ends in .nii.gz, .nrrd or .mha",
        )
    kinds = (np.uint8,) if stored.ndim == 4 else (np.uint8, np.uint16)
    if stored.dtype not in kinds:
        words = "labels above 65,535" if labels else f"numbers of the type {stored.dtype}"
        raise SaveError(f"PNG cannot hold {words}", do="Choose a name that ends in .nii.gz")
    Image.fromarray(np.ascontiguousarray(stored[..., 0].T)).save(path, format="PNG")
