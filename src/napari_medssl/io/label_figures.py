"""What each label of a mask measures: volume, slices, extent, mean value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.volume.boxes import label_boxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.io.label_table import LabelInfo
    from napari_medssl.volume import Volume

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class LabelFigures:
    """What one label measures on its image.

    Parameters
    ----------
    label : LabelInfo
        Value, name and colour.
    voxels : int
        How many voxels it has.
    volume_ml : float
        Their volume; of a cine, and of an image of unknown voxel size, it means nothing.
    slices : int
        On how many slices, as the scanner stacked them, it is found.
    largest_slice : (int, int, int)
        Where, across each axis, it covers most.
    largest_voxels : (int, int, int)
        How many voxels it has there.
    extent_mm : (z, y, x) of float
        Size of the smallest box around it.
    mean, sd : float or None
        Of the image's finite values inside; None for a colour image.
    box : three slices
        The box, in voxels.
    """

    label: LabelInfo
    voxels: int
    volume_ml: float
    slices: int
    largest_slice: tuple[int, int, int]
    largest_voxels: tuple[int, int, int]
    extent_mm: tuple[float, float, float]
    mean: float | None
    sd: float | None
    box: Box


def measure_labels(
    volume: Volume, mask: NDArray[Any], labels: Sequence[LabelInfo] = ()
) -> tuple[LabelFigures, ...]:
    """Measure every label that a mask holds, in the order of their values.

    Parameters
    ----------
    volume : Volume
        The image.
    mask : (z, y, x) unsigned array
        Labels on its grid; 0 is none.
    labels : sequence of LabelInfo
        Names and colours; a value that is not among them is called by its number.

    Raises
    ------
    GeometryError
        If the mask is not of the image's shape.
    """
    if mask.shape != volume.geometry.shape:
        raise GeometryError(
            f"a mask of {mask.shape} voxels", expected=f"{volume.geometry.shape} voxels"
        )
    known = {label.value: label for label in labels}
    return tuple(
        _measure(volume, mask, known.get(value) or unnamed_label(value), (z, y, x))
        for value, (z, y, x) in label_boxes(mask).items()
    )


def _measure(volume: Volume, mask: NDArray[Any], label: LabelInfo, box: Box) -> LabelFigures:
    inside = mask[box] == label.value
    counts = [inside.sum(axis=tuple(b for b in range(3) if b != a)) for a in range(3)]
    z, y, x = (int(count.argmax()) + part.start for count, part in zip(counts, box, strict=True))
    most_z, most_y, most_x = (int(count.max()) for count in counts)
    sizes = zip(inside.shape, volume.geometry.spacing_mm, strict=True)
    voxels = int(counts[0].sum())
    voxel_mm3 = abs(float(np.linalg.det(volume.geometry.affine[:3, :3])))
    mean, sd = _mean_and_sd(volume, box, inside)
    return LabelFigures(
        label=label,
        voxels=voxels,
        volume_ml=voxels * voxel_mm3 / 1000,
        slices=int(np.count_nonzero(counts[volume.slice_axis])),
        largest_slice=(z, y, x),
        largest_voxels=(most_z, most_y, most_x),
        extent_mm=tuple(n * spacing for n, spacing in sizes),
        mean=mean,
        sd=sd,
        box=box,
    )


def _mean_and_sd(
    volume: Volume, box: Box, inside: NDArray[np.bool_]
) -> tuple[float | None, float | None]:
    if volume.is_rgb:
        return None, None
    values = volume.array[box][inside]
    values = values[np.isfinite(values)]
    if not values.size:
        return None, None
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
