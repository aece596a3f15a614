"""From checked voxels and their place to a `Volume`, with everything that has to be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.volume import Geometry, Modality, Notice, Volume
from napari_medssl.volume.modality import guess_modality

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_PART = 1 << 24

ALPHA_DROPPED = Notice("alpha-dropped", "The opacity (alpha) channel was left out.")


@dataclass(frozen=True)
class Placement:
    """A stored grid, and how sure it is.

    Parameters
    ----------
    geometry : Geometry
        The grid of (i, j, k) as stored.
    spacing_known, orientation_known : bool
        False where the file says nothing and something was assumed.
    notices : tuple of Notice
        What was assumed.
    """

    geometry: Geometry
    spacing_known: bool = True
    orientation_known: bool = True
    notices: tuple[Notice, ...] = ()


def assemble(
    stored: NDArray[Any],
    placement: Placement,
    *,
    path: Path,
    format: str,
    modality: Modality | None = None,
    header: bytes = b"",
    volume: int = 0,
    volumes: int = 1,
    notices: tuple[Notice, ...] = (),
) -> Volume:
    """Make a volume of an array in the file's own axis order.

    Parameters
    ----------
    stored : (i, j, k) or (3, i, j, k) array
        Values, in any byte order.
    placement : Placement
        Where they are.
    path, format, header, volume, volumes
        As in `Source`.
    modality : str, optional
        What the file says made the image; guessed from the values, with a notice, when it does
        not say.
    notices : tuple of Notice
        What the reader itself found.
    """
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    units = "HU" if modality == "CT" else ""
    said: list[Notice] = [*notices, *placement.notices]
    if modality is None and stored.ndim == 3:
        modality, units, guessed = guess_modality(native)
        said.append(guessed)
    said += _about_volumes(volume, volumes)
    said += _about_grid(placement.geometry)
    said += _about_values(native)
    return Volume.from_source_array(
        native,
        placement.geometry,
        name=path.name,
        format=format,
        path=path,
        header=header,
        volume=volume,
        volumes=volumes,
        modality=modality or "OT",
        units=units,
        spacing_known=placement.spacing_known,
        orientation_known=placement.orientation_known,
        notices=tuple(said),
    )


def rgb_of(interleaved: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
    """Split (..., 3 or 4) colour into (3, ...); a fourth channel, opacity, is left out.

    Parameters
    ----------
    interleaved : (i, j, k, 3) or (i, j, k, 4) array
        Red, green, blue and perhaps opacity.
    """
    channels = np.moveaxis(interleaved, -1, 0)
    if channels.shape[0] == 3:
        return channels, ()
    return channels[:3], (ALPHA_DROPPED,)


def _about_volumes(volume: int, volumes: int) -> list[Notice]:
    if volumes == 1:
        return []
    words = (
        f"The file holds {volumes} volumes (0 to {volumes - 1}); this is number {volume}. "
        "Choose another with --volume, or in the panel."
    )
    return [Notice("several-volumes", words)]


def _about_grid(geometry: Geometry) -> list[Notice]:
    notices = []
    if 1 in geometry.shape:
        notices.append(Notice("single-slice", "The image is a single slice."))
    if not geometry.is_orthogonal:
        words = (
            "The axes of the image do not stand at right angles. It is shown a little distorted; "
            "masks are saved in their true place."
        )
        notices.append(Notice("sheared", words))
    return notices


def _about_values(array: NDArray[Any]) -> list[Notice]:
    notices = []
    if bad := _not_finite(array):
        words = (
            f"{bad:,} of {array.size:,} voxels hold no finite number. They were kept, and are "
            "shown black."
        )
        notices.append(Notice("not-finite-voxels", words))
    if array.size > 1 and array.min() == array.max():
        notices.append(Notice("constant-image", "All voxels of the image have the same value."))
    return notices


def _not_finite(array: NDArray[Any]) -> int:
    """Count voxels that are infinite or not a number, part by part to save memory."""
    if array.dtype.kind != "f":
        return 0
    flat = array.ravel(order="K")  # no copy, whatever the order
    parts = (flat[start : start + _PART] for start in range(0, flat.size, _PART))
    return sum(part.size - int(np.count_nonzero(np.isfinite(part))) for part in parts)
