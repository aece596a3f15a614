"""Predictions against references: a row a case and label, and means that say of how many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_medssl.evaluate.overlap import count_overlap
from napari_medssl.evaluate.surface import surface_distances
from napari_medssl.volume.boxes import label_boxes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.volume import Geometry

Unit = Literal["mm", "px"]
FoundIn = Literal["both", "prediction only", "reference only", "neither"]

#: figures of which means are taken
FIGURES = ("dice", "iou", "hd95", "surface_distance", "difference_ml", "difference_percent")

_NONE = float("nan")


@dataclass(frozen=True)
class Row:
    """How one label of one case was met.

    A figure that does not exist is nan, and is left out of means: Dice and IoU when the label is
    in neither mask; the percentage when it is not in the reference; volumes without a known voxel
    size. A distance is nan when the label is in neither mask, and inf when it is in one alone.

    Parameters
    ----------
    case : str
        Its name.
    label : int
        Value of its voxels.
    name : str
        What it is called.
    found_in : {"both", "prediction only", "reference only", "neither"}
        Which masks have it. In one alone, Dice and IoU are 0.
    dice, iou : float
        0 to 1.
    hd95, surface_distance : float
        95th percentile of the Hausdorff distance and average symmetric surface distance.
    unit : {"mm", "px"}
        Of both distances; pixels where the voxel size is not known.
    predicted_voxels, reference_voxels : int
        Sizes.
    predicted_ml, reference_ml : float
        Sizes in millilitres.
    difference_ml, difference_percent : float
        Predicted less reference, and that in percent of the reference.
    """

    case: str
    label: int
    name: str
    found_in: FoundIn
    dice: float
    iou: float
    hd95: float
    surface_distance: float
    unit: Unit
    predicted_voxels: int
    reference_voxels: int
    predicted_ml: float
    reference_ml: float
    difference_ml: float
    difference_percent: float


@dataclass(frozen=True)
class Mean:
    """Means over the rows of a label, or over all rows.

    Parameters
    ----------
    label : int or None
        None for all rows; each row counts the same.
    name : str
        What the label is called.
    unit : {"mm", "px"}
        Of the distances; they are not averaged over rows of both kinds.
    mean : mapping of str to float
        A mean for each of `FIGURES`; nan where there is none.
    of : mapping of str to int
        Over how many rows each mean is: those where the figure exists and is finite.
    """

    label: int | None
    name: str
    unit: Unit
    mean: Mapping[str, float]
    of: Mapping[str, int]


def compare_masks(
    case: str,
    predicted: NDArray[Any],
    reference: NDArray[Any],
    geometry: Geometry,
    *,
    names: Mapping[int, str],
    unit: Unit = "mm",
) -> tuple[Row, ...]:
    """Measure how each label of a prediction meets that of the reference.

    Parameters
    ----------
    case : str
        What to call it in the rows.
    predicted, reference : (z, y, x) unsigned or boolean arrays
        Labels on one grid; 0 is none, and True is 1.
    geometry : Geometry
        That grid.
    names : mapping of int to str
        The labels to measure, and what they are called.
    unit : {"mm", "px"}
        ``"px"`` for a picture of unknown pixel size: it has no volume.

    Returns
    -------
    tuple of Row
        In the order of ``names``.
    """
    kept = [axis for axis in range(3) if geometry.shape[axis] > 1] or [2]
    flat = tuple(axis for axis in range(3) if axis not in kept)
    # a single slice has an outline, not two faces
    masks = [
        np.asarray(m.squeeze(flat), np.result_type(m, np.uint8)) for m in (predicted, reference)
    ]
    steps = geometry.affine[:3, :3].T[kept]
    voxel_mm3 = abs(float(np.linalg.det(geometry.affine[:3, :3])))
    voxel_ml = voxel_mm3 / 1000 if unit == "mm" else _NONE
    boxes = [label_boxes(mask) for mask in masks]
    nowhere = (slice(0, 0),) * len(kept)
    rows = []
    for label, name in names.items():
        found = [box[label] for box in boxes if label in box]
        box = _around(found) if found else nowhere
        a, b = (mask[box] == label for mask in masks)
        rows.append(_row(case, label, name, (a, b), steps, voxel_ml, unit))
    return tuple(rows)


def not_there(case: str, label: int, name: str, unit: Unit) -> Row:
    """Return the row of a label that neither mask of a case has."""
    nothing = np.zeros(0, bool)
    voxel_ml = 0.0 if unit == "mm" else _NONE
    return _row(case, label, name, (nothing, nothing), np.ones(1), voxel_ml, unit)


def mean_rows(rows: Sequence[Row]) -> tuple[Mean, ...]:
    """Average the rows of each label, in the order of the labels, and last those of all."""
    labels = sorted({row.label for row in rows})
    each = [_mean([row for row in rows if row.label == label]) for label in labels]
    return (*each, replace(_mean(rows), label=None, name="all")) if rows else ()


def _row(
    case: str,
    label: int,
    name: str,
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    steps: NDArray[np.float64],
    voxel_ml: float,
    unit: Unit,
) -> Row:
    overlap = count_overlap(*masks)
    distances = surface_distances(*masks, steps)
    predicted, reference = overlap.predicted, overlap.reference
    more = predicted - reference
    return Row(
        case=case,
        label=label,
        name=name,
        found_in=_found_in(predicted, reference),
        dice=overlap.dice,
        iou=overlap.iou,
        hd95=distances.hausdorff(95),
        surface_distance=distances.mean(),
        unit=unit,
        predicted_voxels=predicted,
        reference_voxels=reference,
        predicted_ml=predicted * voxel_ml,
        reference_ml=reference * voxel_ml,
        difference_ml=more * voxel_ml,
        difference_percent=100 * more / reference if reference else _NONE,
    )


def _found_in(predicted: int, reference: int) -> FoundIn:
    if predicted and reference:
        return "both"
    if predicted:
        return "prediction only"
    return "reference only" if reference else "neither"


def _mean(rows: Sequence[Row]) -> Mean:
    units = {row.unit for row in rows}
    means, counts = {}, {}
    for figure in FIGURES:
        mixed = len(units) > 1 and figure in ("hd95", "surface_distance")
        values = [] if mixed else [getattr(row, figure) for row in rows]
        finite = [value for value in values if np.isfinite(value)]
        means[figure] = float(np.mean(finite)) if finite else _NONE
        counts[figure] = len(finite)
    unit: Unit = "px" if units == {"px"} else "mm"
    return Mean(rows[0].label, rows[0].name, unit, means, counts)


def _around(boxes: Iterable[tuple[slice, ...]]) -> tuple[slice, ...]:
    return tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )
