"""Where voxels are: a grid's shape, spacing, origin and direction in the patient.

World coordinates are DICOM's, in millimetres: x grows to the patient's Left, y to the back
(Posterior), z up the body (Superior): "LPS+". NIfTI's world is RAS+; ``io.nifti`` converts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

Shape = tuple[int, int, int]
Triple = tuple[float, float, float]
Matrix3 = tuple[Triple, Triple, Triple]

#: direction of a grid whose array axes 0, 1, 2 run along world z, y, x (the inside convention)
ZYX_DIRECTION: Matrix3 = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))

_LEAST_SPACING_MM, _MOST_SPACING_MM = 1e-4, 1e4
_ORTHOGONAL_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Geometry:
    """A grid of voxels in the patient, valid from birth.

    Parameters
    ----------
    shape : tuple of int
        Voxels along array axes 0, 1, 2.
    spacing_mm : tuple of float
        Distance between neighbouring voxel centres along array axes 0, 1, 2, in mm.
    origin_mm : tuple of float
        World (x, y, z) of the centre of voxel (0, 0, 0), in mm, LPS+.
    direction : 3 x 3 nested tuple of float
        Column k is the unit vector, in world (x, y, z), along which array axis k grows. Columns
        need not be orthogonal (a tilted gantry shears the grid), but must span space.

    Raises
    ------
    GeometryError
        If a number is not finite, a spacing is outside 0.0001 to 10,000 mm, a column is not a
        unit vector, or the columns are linearly dependent.
    """

    shape: Shape
    spacing_mm: Triple = (1.0, 1.0, 1.0)
    origin_mm: Triple = (0.0, 0.0, 0.0)
    direction: Matrix3 = ZYX_DIRECTION
    _affine: NDArray[np.float64] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise GeometryError(f"a grid of {shape} voxels", expected="three sizes of at least 1")
        affine = np.eye(4)
        direction = np.asarray(self.direction, float)
        affine[:3, :3] = direction * np.asarray(self.spacing_mm, float)
        affine[:3, 3] = self.origin_mm
        _check(affine, direction, self.spacing_mm)
        affine.setflags(write=False)
        set_ = object.__setattr__
        set_(self, "shape", shape)
        set_(self, "spacing_mm", _triple(self.spacing_mm))
        set_(self, "origin_mm", _triple(self.origin_mm))
        set_(self, "direction", tuple(_triple(row) for row in direction))
        set_(self, "_affine", affine)

    @classmethod
    def from_affine(cls, shape: Sequence[int], affine: ArrayLike) -> Geometry:
        """Take spacing, origin and direction from a 4 x 4 affine (array index -> LPS mm).

        Raises
        ------
        GeometryError
            If the affine is not finite or cannot be inverted.
        """
        matrix = np.asarray(affine, float)
        if not np.isfinite(matrix).all():
            raise GeometryError(
                "the affine holds a number that is not finite",
                expected="twelve finite numbers",
                do="Export the image again from the scanner or the tool that wrote it",
            )
        spacing = np.linalg.norm(matrix[:3, :3], axis=0)
        if (spacing == 0).any():
            raise GeometryError(
                "the affine gives an axis no length",
                expected="a voxel size above zero along each axis",
                do="Export the image again from the scanner or the tool that wrote it",
            )
        n0, n1, n2 = (int(n) for n in shape)
        return cls(
            shape=(n0, n1, n2),
            spacing_mm=_triple(spacing),
            origin_mm=_triple(matrix[:3, 3]),
            direction=tuple(_triple(row) for row in matrix[:3, :3] / spacing),  # type: ignore[arg-type]
        )

    @property
    def affine(self) -> NDArray[np.float64]:
        """4 x 4 float64, read-only: array index (a0, a1, a2, 1) -> world (x, y, z, 1), LPS mm."""
        return self._affine

    @property
    def is_orthogonal(self) -> bool:
        """True when the axes stand at right angles, to a thousandth."""
        columns = np.asarray(self.direction)
        off_diagonal = columns.T @ columns - np.eye(3)
        return bool(np.abs(off_diagonal).max() < _ORTHOGONAL_TOLERANCE)

    @property
    def is_oblique(self) -> bool:
        """True when an axis leans away from the patient's own axes by more than a thousandth."""
        return bool((np.abs(np.asarray(self.direction)).max(axis=0) < 1 - 1e-6).any())

    @property
    def obliquity_deg(self) -> float:
        """The largest angle, in degrees, between an array axis and its nearest body axis."""
        nearest = np.abs(np.asarray(self.direction)).max(axis=0).min()
        return float(np.degrees(np.arccos(min(1.0, nearest))))

    @property
    def axis_codes(self) -> str:
        """Towards which side each array axis grows: three of the letters R L A P S I."""
        letters = ("LR", "PA", "SI")
        columns = np.asarray(self.direction).T
        best = assign_axes(columns)
        return "".join(
            letters[w][0] if columns[a, w] > 0 else letters[w][1] for a, w in enumerate(best)
        )

    def to_world(self, index: ArrayLike) -> NDArray[np.float64]:
        """Array indices (..., 3) -> world (..., 3) in LPS mm. Fractions of a voxel are allowed."""
        return np.asarray(index, float) @ self._affine[:3, :3].T + self._affine[:3, 3]

    def to_index(self, world: ArrayLike) -> NDArray[np.float64]:
        """World (..., 3) in LPS mm -> array indices (..., 3), not rounded."""
        inverse = np.linalg.inv(self._affine)
        index: NDArray[np.float64] = np.asarray(world, float) @ inverse[:3, :3].T + inverse[:3, 3]
        return index

    def matches(self, other: Geometry, *, tolerance_mm: float = 1e-3) -> bool:
        """Tell whether both grids have one shape and put every voxel in the same place."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1).T
        moved = self.to_world(corners) - other.to_world(corners)
        return bool(np.abs(moved).max() <= tolerance_mm)


def assign_axes(columns: NDArray[np.float64]) -> tuple[int, int, int]:
    """World axis (0 x, 1 y, 2 z) that each array axis is nearest to, each used once.

    Parameters
    ----------
    columns : (3, 3) array
        Row a is the unit vector of array axis a in world (x, y, z).
    """
    remaining = np.abs(columns).astype(float)
    best = [0, 0, 0]
    for _ in range(3):
        a, w = np.unravel_index(int(np.argmax(remaining)), (3, 3))
        best[int(a)] = int(w)
        remaining[a, :] = -1
        remaining[:, w] = -1
    return best[0], best[1], best[2]


def _triple(values: Any) -> Triple:
    a, b, c = (float(v) for v in values)
    return a, b, c


def _check(affine: NDArray[np.float64], direction: NDArray[np.float64], spacing: Triple) -> None:
    if not np.isfinite(affine).all():
        raise GeometryError("a spacing, origin or direction that is not a finite number")
    if not all(_LEAST_SPACING_MM <= s <= _MOST_SPACING_MM for s in spacing):
        sizes = " x ".join(f"{s:g}" for s in spacing)
        raise GeometryError(
            f"a voxel of {sizes} mm",
            expected="0.0001 to 10,000 mm along each axis",
            do="Export the image again from the scanner or the tool that wrote it",
        )
    if np.abs(np.linalg.norm(direction, axis=0) - 1).max() > _ORTHOGONAL_TOLERANCE:
        raise GeometryError("an axis direction that is not a unit vector")
    if abs(np.linalg.det(direction)) < 1e-3:
        raise GeometryError(
            "axis directions that lie in one plane",
            expected="three directions that span space",
            do="Export the image again from the scanner or the tool that wrote it",
        )
