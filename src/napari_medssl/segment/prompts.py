"""What a user marks: points inside and outside, and boxes, on one slice of a volume."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import PromptError
from napari_medssl.volume.planes import AXIS_NAMES as AXIS_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

Index = tuple[int, int, int]


@dataclass(frozen=True)
class Plane:
    """One slice: the array axis (0, 1, 2 for z, y, x) it stands across, and its index there."""

    axis: int
    index: int

    def view(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return this slice of a (..., z, y, x) array, as a view."""
        at: list[Any] = [slice(None)] * 3
        at[self.axis] = self.index
        return array[(..., *at)]

    def flat(self, zyx: Sequence[float]) -> tuple[float, float]:
        """Row and column, on this slice, of an index (z, y, x)."""
        row, column = (float(v) for axis, v in enumerate(zyx) if axis != self.axis)
        return row, column

    def __str__(self) -> str:
        return f"{AXIS_NAMES[self.axis]} slice {self.index}"


@dataclass(frozen=True)
class PointPrompt:
    """A voxel that is part of what is wanted, or is not.

    Parameters
    ----------
    zyx : tuple of float
        Index into the volume's array; fractions lie between voxel centres.
    positive : bool
        Whether it is inside.
    reading : int
        What the points of its slice up to this one are taken to mean, where that is open: 0 for
        the likeliest, 1 for the next, ...
    answered : bool
        Whether an outline is shown after it; the points of a scribble come at once, and only the
        last of them is answered.

    Raises
    ------
    PromptError
        If a number is not finite, or the reading below 0.
    """

    zyx: tuple[float, float, float]
    positive: bool = True
    reading: int = 0
    answered: bool = True

    def __post_init__(self) -> None:
        if self.reading < 0:
            raise PromptError(f"the reading {self.reading} of a point", expected="0 or more")
        z, y, x = (float(v) for v in self.zyx)
        if not all(math.isfinite(v) for v in (z, y, x)):
            raise PromptError("a point whose place is not a number", expected="a voxel inside")
        object.__setattr__(self, "zyx", (z, y, x))

    @property
    def voxel(self) -> Index:
        """The voxel it lies in."""
        return _voxel(self.zyx)


@dataclass(frozen=True)
class BoxPrompt:
    """A box around what is wanted, on one slice.

    Parameters
    ----------
    low_zyx, high_zyx : tuple of whole numbers
        First and last voxel, both inside the box. They are equal along the axis that the slice
        stands across.

    Raises
    ------
    PromptError
        If the box has a thickness along all three axes, or ends before it begins.
    """

    low_zyx: tuple[float, float, float]
    high_zyx: tuple[float, float, float]

    def __post_init__(self) -> None:
        corners = [*self.low_zyx, *self.high_zyx]
        if not all(math.isfinite(v) and v == int(v) for v in corners):
            raise PromptError("a box whose corner is not a voxel", expected="whole numbers")
        z, y, x, z1, y1, x1 = (int(v) for v in corners)
        if z > z1 or y > y1 or x > x1:
            raise PromptError("a box that ends before it begins", do="Give its first corner first")
        if not (z == z1 or y == y1 or x == x1):
            raise PromptError(
                "a box that spans several slices along every axis",
                expected="a box on one slice: the same index at both ends of one axis",
            )
        object.__setattr__(self, "low_zyx", (z, y, x))
        object.__setattr__(self, "high_zyx", (z1, y1, x1))

    @property
    def first(self) -> Index:
        """The first voxel inside."""
        return _voxel(self.low_zyx)

    @property
    def last(self) -> Index:
        """The last voxel inside."""
        return _voxel(self.high_zyx)

    def holds(self, voxel: Index) -> bool:
        """Whether a voxel lies in it."""
        return all(a <= v <= b for a, v, b in zip(self.first, voxel, self.last, strict=True))

    @property
    def flat_axes(self) -> tuple[int, ...]:
        """Axes along which the box is one voxel thick."""
        both = zip(self.low_zyx, self.high_zyx, strict=True)
        return tuple(axis for axis, (low, high) in enumerate(both) if low == high)


@dataclass(frozen=True)
class Prompts:
    """Everything marked for one mask.

    Points and boxes on the same slice. A box limits what the points mean; several boxes are
    several parts of one mask.

    Raises
    ------
    PromptError
        If nothing is marked inside, or one voxel is marked both inside and outside.
    """

    points: tuple[PointPrompt, ...] = ()
    boxes: tuple[BoxPrompt, ...] = ()

    def __post_init__(self) -> None:
        inside = {point.voxel for point in self.points if point.positive}
        outside = {point.voxel for point in self.points if not point.positive}
        if inside & outside:
            raise PromptError(
                "one voxel is marked both inside and outside", do="Take one of the two points away"
            )

    def meaning(self, reading: int) -> Prompts:
        """Return these, taken to mean another of what the points may mean, 0 being the likeliest.

        Raises
        ------
        PromptError
            If there is no point.
        """
        if not self.points:
            raise PromptError("no point that may mean something else", expected="a point")
        at = self._open_point
        other = replace(self.points[at], reading=reading)
        return replace(self, points=(*self.points[:at], other, *self.points[at + 1 :]))

    @property
    def reading(self) -> int:
        """What the points are taken to mean; 0 without any."""
        return self.points[self._open_point].reading if self.points else 0

    @property
    def _open_point(self) -> int:
        """Index of the point that decides: the last whose meaning no box limits, or the last."""
        free = [
            index
            for index, point in enumerate(self.points)
            if not (point.positive and any(box.holds(point.voxel) for box in self.boxes))
        ]
        return free[-1] if free else len(self.points) - 1

    @property
    def mark_something(self) -> bool:
        """Whether there is a box or a point inside, without which there is nothing to outline."""
        return bool(self.boxes) or any(point.positive for point in self.points)

    def plane(self, volume: Volume, axis: int | None = None) -> Plane:
        """Return the slice that these prompts lie on.

        Parameters
        ----------
        volume : Volume
            The image they were marked on.
        axis : int, optional
            The axis the slice stands across; without it, the one that boxes are flat along, or
            else the one the scanner stacked slices along.

        Raises
        ------
        PromptError
            If nothing is marked inside, something lies outside the image, or not everything lies
            on one slice.
        """
        if not self.mark_something:
            raise PromptError("nothing is marked inside", do="Mark a point inside, or a box")
        for voxel in self.voxels:
            _require_inside(voxel, volume)
        axis = self.axis(volume) if axis is None else axis
        indices = {voxel[axis] for voxel in self.voxels}
        if len(indices) > 1:
            raise PromptError(
                f"the prompts lie on {len(indices)} {AXIS_NAMES[axis]} slices",
                expected="all of them on one slice",
                do="Outline one slice at a time, or choose another plane",
            )
        return Plane(axis, indices.pop())

    @property
    def voxels(self) -> list[Index]:
        """The voxels of all points, and the corners of all boxes."""
        return [point.voxel for point in self.points] + [
            corner for box in self.boxes for corner in (box.first, box.last)
        ]

    def axis(self, volume: Volume) -> int:
        """Return the axis that boxes are flat along; without any, the one slices are stacked along.

        Raises
        ------
        PromptError
            If boxes lie in no common plane.
        """
        flat = {0, 1, 2}.intersection(*(box.flat_axes for box in self.boxes))
        if not flat:
            raise PromptError(
                "the boxes lie on slices of different planes", expected="all of them on one slice"
            )
        return volume.slice_axis if volume.slice_axis in flat else min(flat)


def point_from_source(
    volume: Volume, ijk: tuple[float, float, float], *, positive: bool = True
) -> PointPrompt:
    """Make a point from a voxel (i, j, k) of the array as the file stores it."""
    return PointPrompt(volume.index_from_source(ijk), positive)


def box_from_source(volume: Volume, ijk: Sequence[float]) -> BoxPrompt:
    """Make a box from two corners (i0, j0, k0, i1, j1, k1), in the array as the file stores it.

    Raises
    ------
    PromptError
        If there are not six numbers, or they are no box on one slice.
    """
    if len(ijk) != 6:
        raise PromptError(f"a box of {len(ijk)} numbers", expected="six: i0,j0,k0,i1,j1,k1")
    first = volume.index_from_source((ijk[0], ijk[1], ijk[2]))
    last = volume.index_from_source((ijk[3], ijk[4], ijk[5]))
    z, y, x = (min(pair) for pair in zip(first, last, strict=True))
    z1, y1, x1 = (max(pair) for pair in zip(first, last, strict=True))
    return BoxPrompt((z, y, x), (z1, y1, x1))


def _voxel(zyx: tuple[float, float, float]) -> Index:
    z, y, x = (math.floor(v + 0.5) for v in zyx)
    return z, y, x


def _require_inside(zyx: Index, volume: Volume) -> None:
    shape = volume.geometry.shape
    if all(0 <= v < n for v, n in zip(zyx, shape, strict=True)):
        return
    i, j, k = (round(v) for v in volume.index_to_source(zyx))
    most = ", ".join(f"0 to {n - 1}" for n in volume.source.geometry.shape)
    raise PromptError(f"the voxel ({i}, {j}, {k}) is outside the image", expected=f"indices {most}")
