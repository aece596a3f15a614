"""Resizing a volume to a given number of voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.volume.interpolate import Interpolation, check_interpolation
from napari_medssl.volume.regrid import regrid

if TYPE_CHECKING:
    from napari_medssl.volume.operation import Inverse
    from napari_medssl.volume.volume import Volume


@dataclass(frozen=True)
class Resize:
    """Divide a volume's field of view into ``shape`` voxels; the spacing follows.

    Values are treated as by `Resample`.

    Parameters
    ----------
    shape : three of int or None
        Voxels along array axes 0, 1, 2; None keeps an axis as it is.
    interpolation : {"linear", "spline", "area", "nearest"}
        As for `Resample`.

    Raises
    ------
    UsageError
        If a size is below 1 or the interpolation has another name.
    """

    shape: tuple[int | None, int | None, int | None]
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        check_interpolation(self.interpolation)
        if len(self.shape) != 3 or any(n is not None and n < 1 for n in self.shape):
            raise UsageError(f"a size of {self.shape}", expected="three sizes of at least 1 voxel")

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the volume on the new grid, and the way back."""
        old = volume.geometry
        a, b, c = (n if n else kept for n, kept in zip(self.shape, old.shape, strict=True))
        size = zip(old.shape, old.spacing_mm, (a, b, c), strict=True)
        u, v, w = (n * spacing / m for n, spacing, m in size)
        return regrid(volume, (a, b, c), (u, v, w), self.interpolation)
