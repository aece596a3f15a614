"""What of a plan of pre-training follows from a plan of nnU-Net's. No torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.models.networks.planned import PlannedNetwork
    from napari_medssl.pretrain.images.survey import ImageSurvey

#: of which sides of crops are multiples: what methods hide or cut is so coarse
_STEP = 8


def planned_fields(
    planned: PlannedNetwork, survey: ImageSurvey, *, part: float, most: int | None
) -> dict[str, Any]:
    """Return fields of a `PretrainPlan`: the network, and images as nnU-Net will show them to it.

    Parameters
    ----------
    planned : PlannedNetwork
        What nnU-Net planned.
    survey : ImageSurvey
        What the images are like that are learned from.
    part : float
        How much of a side of an image a crop may take: some methods cut two.
    most : int or None
        Voxels of a crop; nnU-Net's own window where None.
    """
    return {
        "arguments": planned.arguments,
        "in_channels": planned.in_channels,
        "preparation": planned.preparation,
        "slice_axis": 0,
        "crop": planned.patch if most is None else _crop(planned, survey, part, most),
    }


def _crop(planned: PlannedNetwork, survey: ImageSurvey, part: float, most: int) -> tuple[int, ...]:
    """Return nnU-Net's window as far as an image and the machine reach."""
    seen = _sides(planned, survey)[-planned.dimensions :]
    crop = [
        max(_STEP, math.floor(min(part * there, side) / _STEP) * _STEP)
        for there, side in zip(seen, planned.patch, strict=True)
    ]
    while math.prod(crop) > most and max(crop) > _STEP:
        crop[crop.index(max(crop))] -= _STEP
    return tuple(crop)


def _sides(planned: PlannedNetwork, survey: ImageSurvey) -> Sequence[float]:
    """Return the sides of a typical image in nnU-Net's voxels, its coarsest axis first.

    The others are taken to follow as in files of axial scans. Where they do not, a crop may be
    longer than an image, which is then mirrored at its border.
    """
    sides = survey.median(lambda image: image.shape)
    mm = survey.median(lambda image: image.spacing_mm)
    first = max(range(3), key=lambda axis: mm[axis])
    order = (first, *(n for n in range(3) if n != first))
    return [
        sides[n] * mm[n] / (by or mm[n]) for n, by in zip(order, planned.spacing_mm, strict=True)
    ]
