"""What a step of preparation is: it takes a volume and returns it changed, with the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume.geometry import Shape
    from napari_medssl.volume.volume import Volume


class Inverse(Protocol):
    """Brings arrays made on an operation's new grid back to the grid it started from."""

    def labels(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring back a label map, or several: (..., a0, a1, a2) of any type, values kept.

        Exact where the operation only turned, cropped or padded; else the nearest voxel's label.
        Voxels that the new grid does not hold get 0.

        Raises
        ------
        GeometryError
            If the last three axes are not those of the new grid.
        """

    def image(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring back numbers that may be interpolated, such as probabilities (c, a0, a1, a2).

        As `labels`, but linear, and floating point where the operation resampled.
        """


class Operation(Protocol):
    """One step of preparation: parameters checked at birth, no state, the affine kept in step."""

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the changed volume and the way back to the old grid."""


@dataclass(frozen=True)
class SameGrid:
    """The inverse of an operation that changed values only.

    Parameters
    ----------
    shape : tuple of int
        The grid, old and new.
    """

    shape: Shape

    def labels(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the array as it is."""
        require_grid(array, self.shape)
        return array

    image = labels


def require_grid(array: NDArray[Any], shape: Shape) -> None:
    """Refuse an array whose last three axes are not ``shape``.

    Raises
    ------
    GeometryError
        If they are not.
    """
    if array.shape[-3:] != shape:
        raise GeometryError(
            f"an array of {array.shape} to bring back", expected=f"the prepared grid of {shape}"
        )
