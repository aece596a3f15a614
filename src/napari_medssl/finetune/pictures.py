"""Images and their label maps cut into pictures, and the objects that a network learns on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError
from napari_medssl.volume import default_window
from napari_medssl.volume.boxes import label_boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume import Volume


@dataclass(frozen=True, eq=False)
class Thing:
    """One object on one picture.

    Parameters
    ----------
    value : int
        Its label.
    corner : (int, int)
        Row and column of the first pixel of the box around it.
    mask : (rows, columns) bool array
        The object within that box.
    """

    value: int
    corner: tuple[int, int]
    mask: NDArray[np.bool_]

    @property
    def box_xyxy(self) -> NDArray[np.float32]:
        """Left, top, right and bottom edge of the box, in pixels of the picture."""
        (row, column), (rows, columns) = self.corner, self.mask.shape
        return np.array([column, row, column + columns, row + rows], np.float32)

    def laid_in(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the object's mask of the whole picture, (rows, columns)."""
        whole = np.zeros(size, bool)
        (row, column), (rows, columns) = self.corner, self.mask.shape
        whole[row : row + rows, column : column + columns] = self.mask
        return whole


@dataclass(frozen=True, eq=False)
class Picture:
    """A slice as a network is shown it, and the objects on it.

    Parameters
    ----------
    case : str
        Name of the image that it is a slice of.
    index : int
        Which slice.
    grey : (rows, columns) or (rows, columns, 3) uint8 array
        After the image's default window; colour images keep their colours.
    pixel_mm : (float, float)
        Height and width of a pixel.
    things : tuple of Thing
        At least one.
    """

    case: str
    index: int
    grey: NDArray[np.uint8]
    pixel_mm: tuple[float, float]
    things: tuple[Thing, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.grey.shape[0], self.grey.shape[1]

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The picture as (rows, columns, 3)."""
        return self.grey if self.grey.ndim == 3 else np.stack([self.grey] * 3, axis=-1)


def pictures_of(
    case: str,
    volume: Volume,
    labels: NDArray[Any],
    *,
    smallest_px: int,
    smallest_voxels: int,
) -> list[Picture]:
    """Cut an image into the slices that show an object; every label value is its own object.

    Parameters
    ----------
    case : str
        Name of the image.
    volume : Volume
        A picture, a scan or a film; slices are taken across its slice axis.
    labels : (z, y, x) array
        Whole numbers from 0, on the volume's grid.
    smallest_px : int
        An object of fewer pixels on a slice is left out there.
    smallest_voxels : int
        An object of fewer voxels in an image of several slices is left out.

    Raises
    ------
    GeometryError
        If labels and image differ in shape.
    """
    if labels.shape != volume.geometry.shape:
        raise GeometryError(
            f"labels of {labels.shape} voxels for '{case}'", expected=f"{volume.geometry.shape}"
        )
    axis = volume.slice_axis if volume.frame_axis is None else volume.frame_axis
    slices = np.moveaxis(labels, axis, 0)
    if len(slices) > 1:
        slices = _without_small(slices, smallest_voxels)
    shown = np.moveaxis(volume.array, axis - 3, 0)
    spacing = [s for a, s in enumerate(volume.geometry.spacing_mm) if a != axis]
    pixel_mm = (spacing[0], spacing[1]) if volume.spacing_known else (1.0, 1.0)
    window, found = default_window(volume), []
    for index, flat in enumerate(slices):
        things = _things(flat, smallest_px)
        grey = window.to_uint8(shown[index]) if things else None
        if grey is not None and grey.min() < grey.max():
            grey = np.ascontiguousarray(np.moveaxis(grey, 0, -1) if grey.ndim == 3 else grey)
            found.append(Picture(case, index, grey, pixel_mm, things))
    return found


def _without_small(labels: NDArray[Any], fewest: int) -> NDArray[Any]:
    values, counts = np.unique(labels, return_counts=True)
    small = values[counts < fewest]
    return np.where(np.isin(labels, small), 0, labels) if len(small) else labels


def _things(flat: NDArray[Any], fewest: int) -> tuple[Thing, ...]:
    things = []
    for value, box in label_boxes(flat).items():
        if np.count_nonzero(inside := flat[box] == value) >= fewest:
            things.append(Thing(value, (box[0].start, box[1].start), inside))
    return tuple(things)
