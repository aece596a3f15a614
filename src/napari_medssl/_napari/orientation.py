"""Which way a patient is shown: upright planes, a camera that does not mirror, edge letters.

napari draws array axes; a radiologist expects the patient's left on the right of an axial or
coronal slice and the head up in the other two planes. Nothing here touches a voxel: planes are
orders of axes and directions of the camera. Everything is numbers, without napari.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.volume.sides import EdgeLetters, edge_letters

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_medssl.volume import Geometry

Order = tuple[int, int, int]
Orientation = tuple[str, str, str]

#: napari's order of the axes (z, y, x) for each plane: sliced, down or up the screen, across it
PLANES: dict[str, Order] = {"axial": (0, 1, 2), "coronal": (1, 0, 2), "sagittal": (2, 0, 1)}

#: napari's own camera, for pictures whose place in a patient is not known
AS_STORED: Orientation = ("towards", "down", "right")

#: napari rolls axes in a circle, which would lay a coronal slice on its side
_ROLLED_UPRIGHT: dict[tuple[Order, Order], Order] = {
    (PLANES["sagittal"], (1, 2, 0)): PLANES["coronal"],
    (PLANES["coronal"], (2, 1, 0)): PLANES["axial"],
}


def upright_order(before: Order, after: Order) -> Order:
    """Replace the order that napari's roll gave by the upright order of the same plane.

    Rolling goes axial, sagittal, coronal, axial. Any other change, such as a transpose, was
    asked for and stays.
    """
    return _ROLLED_UPRIGHT.get((before, after), after)


def camera_orientation(order: Order) -> Orientation:
    """Directions of napari's camera (depth, vertical, horizontal) for a patient's (z, y, x).

    The head points up whenever z is vertical, and depth is chosen so that 3-D is no mirror
    image: array axes (z, y, x) towards (S, P, L) form a left-handed frame.
    """
    vertical = "up" if order[1] == 0 else "down"
    even = order in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    towards = even == (vertical == "up")
    return ("towards" if towards else "away", vertical, "right")


def letters_in_plane(geometry: Geometry, order: Order, orientation: Orientation) -> EdgeLetters:
    """Letters for a slice: ``order`` of the axes and ``orientation`` as the camera has them."""
    columns = np.asarray(geometry.direction).T
    right = columns[order[2]] * (1 if orientation[2] == "right" else -1)
    up = columns[order[1]] * (1 if orientation[1] == "up" else -1)
    return edge_letters(right, up)


def letters_in_space(
    geometry: Geometry, order: Order, orientation: Orientation, view: ArrayLike, up: ArrayLike
) -> EdgeLetters:
    """Letters for a 3-D view.

    Parameters
    ----------
    view, up : (3,) array
        The camera's view and up directions, along the axes in ``order``.
    """
    flips = sum(a != b for a, b in zip(orientation, AS_STORED, strict=True))
    right = np.cross(np.asarray(view, float), np.asarray(up, float)) * (-1 if flips % 2 else 1)
    columns = np.asarray(geometry.direction)[:, order]
    return edge_letters(columns @ right, columns @ np.asarray(up, float))
