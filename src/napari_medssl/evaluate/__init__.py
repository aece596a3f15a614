"""How good a mask is, in numbers. numpy and scipy only."""

from napari_medssl.evaluate.overlap import Overlap, count_overlap, dice, iou
from napari_medssl.evaluate.plausible import looks_like_an_image
from napari_medssl.evaluate.surface import SurfaceDistances, surface_distances, surface_of
from napari_medssl.evaluate.table import (
    FIGURES,
    Mean,
    Row,
    compare_masks,
    mean_rows,
    not_there,
)

__all__ = [
    "FIGURES",
    "Mean",
    "Overlap",
    "Row",
    "SurfaceDistances",
    "compare_masks",
    "count_overlap",
    "dice",
    "iou",
    "looks_like_an_image",
    "mean_rows",
    "not_there",
    "surface_distances",
    "surface_of",
]
