"""What a tool works on: one label of a map, on the whole scan or on one slice."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl.correct.box import Box, box_around, inside, widened
from napari_medssl.correct.change import require_room, set_label
from napari_medssl.correct.rules import Rules
from napari_medssl.errors import GeometryError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_medssl.correct.edit import Edit, Index


class Plane(Protocol):
    """One slice: the array axis (0, 1, 2 for z, y, x) it stands across, and its index there."""

    @property
    def axis(self) -> int:
        """The array axis it stands across."""

    @property
    def index(self) -> int:
        """Its index along that axis."""


@dataclass(frozen=True, eq=False)
class Target:
    """One label, and everything that a tool may look at.

    Parameters
    ----------
    labels : (z, y, x) unsigned array
        The label map; no tool changes it.
    value : int
        The label to work on, from 1.
    spacing_mm : (z, y, x)
        Size of a voxel; 1, 1, 1 where it is not known, so that mm mean voxels.
    rules : Rules
        What may change.
    image : array, optional
        Intensities, of the label map's shape; an image of colours has none.
    plane : Plane, optional
        Work on this slice only.
    voxel : (z, y, x), optional
        A voxel that the user chose.
    other : int or bool array, optional
        Another label of this map, or another mask of the same shape: what is not 0 of it.
    new_values : iterable of int
        Labels that are free, in the order in which to take them.

    Raises
    ------
    GeometryError
        If a slice, a voxel or the other mask does not lie on the label map's grid.
    UsageError
        If the value is no label that the map's type holds, or a spacing is not above 0.
    """

    labels: NDArray[Any]
    value: int
    spacing_mm: tuple[float, float, float]
    rules: Rules = field(default_factory=Rules)
    image: NDArray[Any] | None = None
    plane: Plane | None = None
    voxel: Index | None = None
    other: int | NDArray[np.bool_] | None = None
    new_values: Iterable[int] = ()

    def __post_init__(self) -> None:
        shape = self.labels.shape
        if len(shape) != 3:
            raise GeometryError(f"a label map of {shape}", expected="three axes: z, y, x")
        if self.value < 1:
            raise UsageError(f"the label {self.value}", expected="a whole number from 1")
        require_room(self.labels, self.value)
        if not all(math.isfinite(step) and step > 0 for step in self.spacing_mm):
            raise UsageError(f"voxels of {self.spacing_mm} mm", expected="three sizes above 0")
        if self.plane is not None and not 0 <= self.plane.index < shape[self.plane.axis]:
            raise GeometryError(
                f"slice {self.plane.index} along axis {self.plane.axis}",
                expected=f"0 to {shape[self.plane.axis] - 1}",
            )
        if self.voxel is not None and not all(
            0 <= at < n for at, n in zip(self.voxel, shape, strict=True)
        ):
            raise GeometryError(f"the voxel {self.voxel} of a mask of {shape}")
        if isinstance(self.other, np.ndarray):
            if self.other.shape != shape:
                raise GeometryError(f"another mask of {self.other.shape} voxels for one of {shape}")
            object.__setattr__(self, "other", self.other.astype(bool, copy=False))

    @property
    def whole(self) -> Box:
        """All that a tool may change: the label map, or the one slice of it."""
        box = [slice(0, n) for n in self.labels.shape]
        if self.plane is not None:
            box[self.plane.axis] = slice(self.plane.index, self.plane.index + 1)
        return box[0], box[1], box[2]

    @property
    def bounds(self) -> Box | None:
        """The smallest box around the label; None where there is nothing of it."""
        return self.box_of(self.mask(self.whole))

    def box_of(self, marked: NDArray[np.bool_]) -> Box | None:
        """Return the smallest box around what is marked in `whole`; None where nothing is."""
        box = box_around(marked)
        return None if box is None else inside(self.whole, box)

    def mask(self, box: Box) -> NDArray[np.bool_]:
        """Return where in a box the label is."""
        here: NDArray[np.bool_] = self.labels[box] == self.value
        return here

    def voxels(self, mm3: float) -> float:
        """Return how many voxels a volume is; what rounding adds or takes does not count."""
        return round(mm3 / math.prod(self.spacing_mm), 6)

    def reshape(
        self, shape: Callable[[NDArray[np.bool_]], NDArray[np.bool_]], reach_mm: float = 0
    ) -> Edit | None:
        """Give the label another shape.

        Parameters
        ----------
        shape : function
            From the label's mask (z, y, x), cut out with a rim of background, to the wanted one.
        reach_mm : float
            How far from the label the result may depend on, or reach into, its surroundings.
        """
        box = self.bounds
        if box is None:
            return None
        box = widened(box, reach_mm, self.spacing_mm, self.whole)
        return self.put(box, shape(self.mask(box)))

    def put(
        self,
        box: Box,
        wanted: NDArray[np.bool_],
        *,
        add_only: bool = False,
        rules: Rules | None = None,
    ) -> Edit | None:
        """Return the edit that makes the label be what is wanted in a box, under the rules."""
        return set_label(
            self.labels[box],
            self.value,
            wanted,
            rules or self.rules,
            image=self.grey(box),
            add_only=add_only,
            low=(box[0].start, box[1].start, box[2].start),
        )

    def grey(self, box: Box) -> NDArray[Any] | None:
        """Return the intensities in a box; None without an image, or with one of colours."""
        if self.image is None or self.image.shape != self.labels.shape:
            return None
        return self.image[box]
