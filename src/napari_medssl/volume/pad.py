"""Padding a volume to sizes that a network can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.volume.geometry import Geometry
from napari_medssl.volume.operation import Inverse, SameGrid, require_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.volume.geometry import Shape
    from napari_medssl.volume.volume import Volume


@dataclass(frozen=True)
class Pad:
    """Pad each axis to the next multiple, evenly on both sides (an odd voxel goes at the end).

    Parameters
    ----------
    multiples : three of int
        Along array axes 0, 1, 2; 1 leaves an axis alone.
    value : float or None
        What new voxels hold; None: the image's lowest finite value (air, in a CT).

    Raises
    ------
    UsageError
        If a multiple is below 1.
    """

    multiples: tuple[int, int, int]
    value: float | None = None

    def __post_init__(self) -> None:
        _check(self.multiples, "multiples")

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the padded volume, and the way back."""
        shape = volume.geometry.shape
        wanted = [-(-n // m) * m for n, m in zip(shape, self.multiples, strict=True)]
        return _pad(volume, wanted, self.value)


@dataclass(frozen=True)
class PadTo:
    """Pad each axis to at least a size, evenly on both sides; larger axes are left alone.

    Parameters
    ----------
    shape : three of int
        Least voxels along array axes 0, 1, 2.
    value : float or None
        As for `Pad`.

    Raises
    ------
    UsageError
        If a size is below 1.
    """

    shape: tuple[int, int, int]
    value: float | None = None

    def __post_init__(self) -> None:
        _check(self.shape, "sizes")

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the padded volume, and the way back."""
        wanted = [max(pair) for pair in zip(volume.geometry.shape, self.shape, strict=True)]
        return _pad(volume, wanted, self.value)


@dataclass(frozen=True)
class CutOut:
    """The inverse of padding, exact.

    Parameters
    ----------
    low, old_shape : tuple of int
        Where the old grid begins in the padded one, and its size.
    shape : tuple of int
        The padded grid.
    """

    low: Shape
    old_shape: Shape
    shape: Shape

    def labels(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the old grid's part of the array."""
        require_grid(array, self.shape)
        a, b, c = (slice(at, at + n) for at, n in zip(self.low, self.old_shape, strict=True))
        return np.ascontiguousarray(array[..., a, b, c])

    image = labels


def _pad(volume: Volume, wanted: Sequence[int], value: float | None) -> tuple[Volume, Inverse]:
    old = volume.geometry
    added = [w - n for w, n in zip(wanted, old.shape, strict=True)]
    if not any(added):
        return volume, SameGrid(old.shape)
    widths = [(a // 2, a - a // 2) for a in added]
    whole = [(0, 0)] * (volume.array.ndim - 3) + widths
    fill = _lowest(volume.array) if value is None else value
    padded = np.pad(volume.array, whole, constant_values=fill)
    low, shape = (widths[0][0], widths[1][0], widths[2][0]), (wanted[0], wanted[1], wanted[2])
    x, y, z = (float(v) for v in old.to_world([-n for n in low]))
    new = Geometry(shape, old.spacing_mm, (x, y, z), old.direction)
    return volume.on_grid(padded, new), CutOut(low, old.shape, shape)


def _lowest(array: NDArray[Any]) -> Any:
    finite = array[np.isfinite(array)]
    return finite.min() if finite.size else 0


def _check(numbers: tuple[int, int, int], what: str) -> None:
    if len(numbers) != 3 or min(numbers) < 1:
        raise UsageError(f"padding to {what} {numbers}", expected="three whole numbers above 0")
