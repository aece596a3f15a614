"""The same image shown to a network in another way: what it then finds should be the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from napari_medssl.volume import Geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

#: odd, so that the image moves within the strides of a network as well as within its windows
_MOVED_BY = 5


class Card(Protocol):
    """What of a `models.trained.TrainedCard` decides."""

    @property
    def mirrored(self) -> bool:
        """Whether left and right may be exchanged."""


class Look(Protocol):
    """Another way to show an image."""

    @property
    def kind(self) -> Literal["mirrored", "moved"]:
        """Its name."""

    def show(self, volume: Volume) -> Volume:
        """Return the image as it is shown."""

    def back(self, labels: NDArray[Any], volume: Volume) -> NDArray[Any]:
        """Return a label map of the shown image on the grid of the image itself."""


def second_look(card: Card) -> Look:
    """Return the mirror image where the labels allow it, and else the image a little moved."""
    return Mirrored() if card.mirrored else Moved()


@dataclass(frozen=True)
class Mirrored:
    """Left for right. Only for networks whose labels lie on no one side."""

    kind: Literal["mirrored"] = "mirrored"

    def show(self, volume: Volume) -> Volume:
        """Return the mirror image on the same grid."""
        return volume.with_values(np.ascontiguousarray(volume.array[..., ::-1]), units=volume.units)

    def back(self, labels: NDArray[Any], volume: Volume) -> NDArray[Any]:
        """Mirror it back."""
        return labels[..., ::-1]


@dataclass(frozen=True)
class Moved:
    """A few voxels further along each axis, so that windows and strides fall elsewhere.

    The room that becomes free repeats the image's first voxels.
    """

    kind: Literal["moved"] = "moved"

    def show(self, volume: Volume) -> Volume:
        """Return a slightly larger image, the old one at its far end."""
        steps = self._steps(volume)
        still = [(0, 0)] * (volume.array.ndim - 3)
        array = np.pad(volume.array, [*still, *((n, 0) for n in steps)], mode="edge")
        grid = volume.geometry
        x, y, z = (float(v) for v in grid.to_world((-steps[0], -steps[1], -steps[2])))
        shape = (array.shape[-3], array.shape[-2], array.shape[-1])
        return volume.on_grid(array, Geometry(shape, grid.spacing_mm, (x, y, z), grid.direction))

    def back(self, labels: NDArray[Any], volume: Volume) -> NDArray[Any]:
        """Cut it off again."""
        a, b, c = self._steps(volume)
        return labels[a:, b:, c:]

    def _steps(self, volume: Volume) -> tuple[int, int, int]:
        """Slices stay where they are: a single one is no volume, and a film's are moments."""
        a, b, c = (
            0 if n == 1 or axis == volume.frame_axis else _MOVED_BY
            for axis, n in enumerate(volume.geometry.shape)
        )
        return a, b, c
