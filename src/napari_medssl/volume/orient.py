"""Turning a volume's axes towards given sides of the patient; no voxel value is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.volume.axes import AxisMap, axes_towards, check_codes
from napari_medssl.volume.operation import Inverse, require_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume.geometry import Shape
    from napari_medssl.volume.volume import Volume

#: the file's own axes, in its own order
STORED = "stored"
#: the same by their letters, to name another order
_INDICES = "ijk"


@dataclass(frozen=True)
class Orient:
    """Make array axes 0, 1, 2 grow towards ``codes``, as nearly as the grid's own axes allow.

    Parameters
    ----------
    codes : str
        One letter of each pair R/L, A/P, S/I, such as ``"RAS"``: any of the 48; or ``"stored"``
        for the file's own axes (i, j, k); or these in another order, such as ``"kji"``, which is
        how nnU-Net reads a file.

    Raises
    ------
    UsageError
        If the codes are neither.
    """

    codes: str

    def __post_init__(self) -> None:
        if self._stored is None:
            check_codes(self.codes)

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the turned volume; its source keeps the file's grid, reached by other axes."""
        if self._stored is not None:
            axes = volume.source.axes.inverse.then(self._stored)
        else:
            axes = axes_towards(volume.geometry, self.codes)
        turned = replace(
            volume,
            array=np.ascontiguousarray(axes.apply(volume.array)),
            geometry=axes.apply_geometry(volume.geometry),
            source=replace(volume.source, axes=volume.source.axes.then(axes)),
        )
        return turned, TurnedBack(axes, turned.geometry.shape)

    @property
    def _stored(self) -> AxisMap | None:
        """Return which of the file's axes each array axis is; None for sides of the patient."""
        codes = _INDICES if self.codes == STORED else self.codes
        if sorted(codes) != list(_INDICES):
            return None
        a, b, c = (_INDICES.index(letter) for letter in codes)
        return AxisMap((a, b, c))


@dataclass(frozen=True)
class TurnedBack:
    """The inverse of `Orient`, exact.

    Parameters
    ----------
    axes : AxisMap
        What was done.
    shape : tuple of int
        The grid after it.
    """

    axes: AxisMap
    shape: Shape

    def labels(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the array with the old axes, values untouched."""
        require_grid(array, self.shape)
        return np.ascontiguousarray(self.axes.inverse.apply(array))

    image = labels
