"""Turning a grid's axes over: which source axis each array axis is, and whether it is reversed.

No voxel value is ever touched, so a map followed by its inverse is the identity, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.volume.geometry import Geometry, assign_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: letter -> (world axis, sign): L, P and S are positive in LPS+
_SIDES = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}


@dataclass(frozen=True)
class AxisMap:
    """A reordering and reversal of three axes.

    Parameters
    ----------
    order : tuple of int
        Array axis n of the result is axis ``order[n]`` of the source.
    flipped : tuple of bool
        Whether array axis n of the result runs against its source axis.
    """

    order: tuple[int, int, int] = (0, 1, 2)
    flipped: tuple[bool, bool, bool] = (False, False, False)

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a view with the last three axes reordered and reversed."""
        lead = array.ndim - 3
        moved = np.transpose(array, (*range(lead), *(lead + a for a in self.order)))
        return np.flip(moved, tuple(lead + n for n, f in enumerate(self.flipped) if f))

    def apply_geometry(self, geometry: Geometry) -> Geometry:
        """Return the geometry of ``apply(array)``; every voxel keeps its place in the patient."""
        first = [
            geometry.shape[a] - 1 if f else 0
            for a, f in sorted(zip(self.order, self.flipped, strict=True))
        ]
        columns = np.asarray(geometry.direction)[:, self.order]
        signs = np.where(self.flipped, -1.0, 1.0)
        x, y, z = geometry.to_world(first)
        s, d = geometry.spacing_mm, (columns * signs + 0.0).tolist()
        n = geometry.shape
        a, b, c = self.order
        return Geometry((n[a], n[b], n[c]), (s[a], s[b], s[c]), (x, y, z), d)

    def index(self, source_index: Sequence[float], source_shape: Sequence[int]) -> list[float]:
        """Move one index (three numbers) of the source to the result."""
        return [
            source_shape[a] - 1 - source_index[a] if f else source_index[a]
            for a, f in zip(self.order, self.flipped, strict=True)
        ]

    def then(self, after: AxisMap) -> AxisMap:
        """The map that does this one first and ``after`` second."""
        o = [self.order[n] for n in after.order]
        f = [
            self.flipped[n] != flipped
            for n, flipped in zip(after.order, after.flipped, strict=True)
        ]
        return AxisMap((o[0], o[1], o[2]), (f[0], f[1], f[2]))

    @property
    def inverse(self) -> AxisMap:
        """The map that undoes this one."""
        back = [self.order.index(n) for n in range(3)]
        f = [self.flipped[n] for n in back]
        return AxisMap((back[0], back[1], back[2]), (f[0], f[1], f[2]))


def check_codes(codes: str) -> None:
    """Refuse codes that do not name each direction of the patient once.

    Raises
    ------
    UsageError
        If they are not one letter of each pair R/L, A/P, S/I, in any order and case.
    """
    axes = {_SIDES[letter][0] for letter in codes.upper() if letter in _SIDES}
    if len(codes) != 3 or len(axes) != 3:
        raise UsageError(
            f"the orientation '{codes}'",
            expected="one letter of each pair R/L, A/P, S/I, such as RAS",
        )


def axes_towards(geometry: Geometry, codes: str) -> AxisMap:
    """Map a grid's axes so that they grow towards ``codes``, as nearly as its axes allow.

    Parameters
    ----------
    geometry : Geometry
        The grid to turn.
    codes : str
        One letter of each pair R/L, A/P, S/I for array axes 0, 1, 2: ``"SPL"`` is the inside
        convention (z, y, x) of this package.

    Raises
    ------
    UsageError
        If the three letters do not name each direction once.
    """
    check_codes(codes)
    wanted = [_SIDES[letter] for letter in codes.upper()]
    columns = np.asarray(geometry.direction).T
    world_axis = assign_axes(columns)
    order = [world_axis.index(w) for w, _ in wanted]
    flips = [bool(columns[a, w] * sign < 0) for a, (w, sign) in zip(order, wanted, strict=True)]
    return AxisMap((order[0], order[1], order[2]), (flips[0], flips[1], flips[2]))


def canonical_axes(geometry: Geometry) -> AxisMap:
    """Map a grid's axes to the inside convention: z up the body, y to the back, x to the left."""
    return axes_towards(geometry, "SPL")
