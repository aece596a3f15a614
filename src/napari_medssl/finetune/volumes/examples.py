"""What is learned from: cases with a mask, of which perhaps only some slices were looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume


@dataclass(frozen=True, eq=False)
class Labelled:
    """An image and what is drawn on it.

    Parameters
    ----------
    volume : Volume
        The image.
    labels : (z, y, x) array of unsigned int
        Label values on the image's grid, 0 outside.
    looked_at : (z, y, x) bool array or None
        Voxels that somebody looked at, where ``labels`` counts; None where all were. What nobody
        looked at carries no loss.
    corrected : (z, y, x) bool array or None
        Voxels that a person set right after a model was wrong there: they weigh more.

    Raises
    ------
    GeometryError
        If an array is not of the image's shape.
    """

    volume: Volume
    labels: NDArray[Any]
    looked_at: NDArray[np.bool_] | None = None
    corrected: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        shape = self.volume.geometry.shape
        for what, array in (
            ("labels", self.labels),
            ("voxels looked at", self.looked_at),
            ("corrected voxels", self.corrected),
        ):
            if array is not None and array.shape != shape:
                raise GeometryError(f"{what} of {array.shape} on an image of {shape} voxels")


@dataclass(frozen=True, eq=False)
class Example:
    """A case, read when it is needed.

    Parameters
    ----------
    id : str
        ``"case-001"``: what logs and checkpoints may name.
    patient : str
        The same for all cases of one patient.
    read : callable
        Opens the image and its mask; `MedSSLError` where that cannot be done.
    """

    id: str
    patient: str
    read: Callable[[], Labelled]


def looked_at_slices(shape: tuple[int, int, int], slices: dict[int, set[int]]) -> NDArray[np.bool_]:
    """Return which voxels lie on finished slices.

    Parameters
    ----------
    shape : (z, y, x)
        Of the image.
    slices : dict of int to set of int
        Axis -> indices of finished slices across it.
    """
    looked = np.zeros(shape, bool)
    for axis, indices in slices.items():
        place: list[Any] = [slice(None)] * 3
        place[axis] = sorted(indices)
        looked[tuple(place)] = True
    return looked
