"""Resampling a volume to a given voxel size."""

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
class Resample:
    """Give a volume voxels of ``spacing_mm``, keeping its middle and its field of view.

    The field of view reaches from the outer edge of the first voxel to that of the last. The new
    grid has the spacing exactly, and the number of voxels that comes nearest to the field of
    view, so its edges stand at most a quarter of a new voxel in or out. Axes keep their
    direction, tilted ones too. The data type is kept: integers are rounded, and nothing leaves
    the range of the image. Voxels that are not finite numbers get the lowest value first, with a
    notice.

    Parameters
    ----------
    spacing_mm : three of float or None
        Along array axes 0, 1, 2; None keeps an axis as it is. An axis of a single voxel, and the
        frames of a cine, are always kept.
    interpolation : {"linear", "spline", "area", "nearest"}
        Linear is what the published pipelines use. Nearest is for label maps. Area also smooths
        against aliasing where voxels become larger. Spline is cubic.

    Raises
    ------
    UsageError
        If a spacing is not within 0.0001 to 10,000 mm or the interpolation has another name.
    """

    spacing_mm: tuple[float | None, float | None, float | None]
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        check_interpolation(self.interpolation)
        given = [s for s in self.spacing_mm if s is not None]
        if len(self.spacing_mm) != 3 or not all(1e-4 <= s <= 1e4 for s in given):
            raise UsageError(
                f"a spacing of {', '.join(str(s) for s in self.spacing_mm)} mm",
                expected="three sizes from 0.0001 to 10,000 mm",
            )

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the volume on the new grid, and the way back."""
        old = volume.geometry
        shape, spacing = list(old.shape), list(old.spacing_mm)
        for axis, wanted in enumerate(self.spacing_mm):
            if wanted is None or shape[axis] == 1 or axis == volume.frame_axis:
                continue
            shape[axis] = max(1, round(shape[axis] * spacing[axis] / wanted))
            spacing[axis] = wanted
        n, s = shape, spacing
        return regrid(volume, (n[0], n[1], n[2]), (s[0], s[1], s[2]), self.interpolation)
