"""The crops of a run: a function of the cases, the plan and the step alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_medssl.finetune.volumes.augment import Placement, change_grey, cut, draw_matrix
from napari_medssl.finetune.volumes.prepared import ONCE
from napari_medssl.finetune.volumes.printed_changes import (
    change_printed_grey,
    draw_bend,
    draw_printed_matrix,
)
from napari_medssl.finetune.volumes.protocol import UNCHANGED
from napari_medssl.finetune.volumes.protocols import protocol
from napari_medssl.models.ahead import Ahead
from napari_medssl.models.draws import batch_at, draws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.finetune.volumes.prepared import Prepared
    from napari_medssl.models.team import Team

#: of the crops, this part has its middle on a label; the others lie anywhere that counts
_ON_A_LABEL = 0.67
#: by this part of its sides a crop is moved off that voxel, at most
_MOVED = 0.25


@dataclass(frozen=True, eq=False)
class Batch:
    """What is learned from at one step.

    Parameters
    ----------
    image : (batch, channels, *patch) float32 tensor
        Crops.
    classes : (batch, *patch) int64 tensor
        0 for the background.
    weight : (batch, *patch) float32 tensor
        How much a voxel counts; 0 where nobody looked and outside of the image.
    """

    image: Tensor
    classes: Tensor
    weight: Tensor

    def to(self, device: str) -> Batch:
        """Return it on another device."""
        return self._each(lambda part: part.to(device, non_blocking=True))

    def pinned(self) -> Batch:
        """Return it in memory that a GPU reads by itself."""
        return self._each(lambda part: part.pin_memory())

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(change(self.image), change(self.classes), change(self.weight))


class Crops:
    """Cuts crops.

    Parameters
    ----------
    cases : sequence of Prepared
        What is learned from.
    plan : VolumePlan
        How.
    still : bool
        Whether they are left as they are: to measure by, not to learn from.
    """

    def __init__(self, cases: Sequence[Prepared], plan: VolumePlan, *, still: bool = False) -> None:
        self._cases, self._plan = cases, plan
        self._printed = UNCHANGED if still else protocol(plan.protocol).changes

    def at(self, step: int, first: int = 0, every: int = 1) -> Batch:
        """Return the crops of a step, counted from 0, or some of them.

        Parameters
        ----------
        step : int
            Which.
        first, every : int
            From which of the step's crops on, and each how manieth: the share of a process.
        """
        plan = self._plan
        order = batch_at(plan.seed, step, plan.batch, len(self._cases))
        share = range(first, plan.batch, every)
        crops = [self._crop(self._cases[order[item]], step, item) for item in share]
        image, classes, weight = (torch.stack(parts) for parts in zip(*crops, strict=True))
        return Batch(image, classes.long(), weight / ONCE)

    def shares(self, team: Team, device: str) -> Callable[[int], Batch]:
        """Return what gives a process's share of a step's crops, on a device.

        For a GPU the next ones are cut meanwhile; on a processor that would only be in the way.
        """

        def cut_share(step: int) -> Batch:
            return self.at(step, team.rank, team.size)

        if not device.startswith("cuda"):
            return cut_share
        ahead = Ahead(lambda step: cut_share(step).pinned(), lambda step: (step + 1,))
        return lambda step: ahead.at(step).to(device)

    def _crop(self, case: Prepared, step: int, item: int) -> tuple[Tensor, Tensor, Tensor]:
        plan = self._plan
        random = draws(plan.seed, "crop", step, item)
        voxel = self._middle(case, random)
        axes = [a for a in range(3) if plan.dimensions == 3 or a != plan.slice_axis]
        sides = np.array(case.classes.shape)[axes]
        whole = self._placement(case, voxel[axes].astype(float), axes, random)
        region, placement = _region(whole, plan.patch, sides)
        place: list[Any] = [slice(None)] * 3
        for axis, part in zip(axes, region, strict=True):
            place[axis] = part
        if plan.dimensions == 2:
            place[plan.slice_axis] = int(voxel[plan.slice_axis])
        image = torch.from_numpy(
            np.ascontiguousarray(case.image[(slice(None), *place)], np.float32)
        )
        masks = np.stack([case.classes[tuple(place)], case.weight[tuple(place)]])
        cropped = cut(image, placement, plan.patch, nearest=False)
        drawn = cut(torch.from_numpy(masks.astype(np.float32)), placement, plan.patch, nearest=True)
        if self._printed is None:
            return change_grey(cropped, random), drawn[0], drawn[1]
        return change_printed_grey(cropped, random, self._printed), drawn[0], drawn[1]

    def _placement(
        self,
        case: Prepared,
        voxel: NDArray[np.float64],
        axes: list[int],
        random: np.random.Generator,
    ) -> Placement:
        """Draw where a crop about a voxel is taken, turned and stretched as we or a paper do."""
        plan, printed = self._plan, self._printed
        sides = np.array(case.classes.shape)[axes]
        if printed is not None:
            matrix = draw_printed_matrix(random, axes, printed, mirrored=plan.mirrored)
            middle = _shifted(voxel, sides, plan.patch, printed.moved, random)
            half = (np.array(plan.patch) - 1) / 2
            on_voxels = np.rint(middle - half) + half  # what is not stretched is not blurred either
            return Placement(matrix, on_voxels, draw_bend(random, plan.patch, printed))
        spacing = np.array(case.spacing_mm)[axes]
        mirrored = axes.index(2) if plan.mirrored and 2 in axes else None
        matrix = draw_matrix(random, spacing, plan.turned, mirrored)
        return Placement(matrix, _shifted(voxel, sides, plan.patch, _MOVED, random))

    def _middle(self, case: Prepared, random: np.random.Generator) -> NDArray[Any]:
        """Draw the voxel to look at: of a label drawn here, each as often, or any that counts."""
        labels = [number for number in case.places if number]
        often = _ON_A_LABEL if self._printed is None else self._printed.on_a_label
        on_label = random.random() < often
        if labels and (on_label or 0 not in case.places):
            number = labels[int(random.integers(len(labels)))]
        else:
            number = 0
        places = case.places[number]
        return np.asarray(places[int(random.integers(len(places)))])


def _shifted(
    voxel: NDArray[np.float64],
    sides: NDArray[Any],
    patch: tuple[int, ...],
    most: float,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Move a crop off a voxel by at most a part of its sides, so that little lies outside."""
    size = np.array(patch, float)
    moved = voxel + random.uniform(-most, most, len(size)) * size
    low, high = (size - 1) / 2, sides - 1 - (size - 1) / 2
    inside = np.clip(moved, np.minimum(low, high), np.maximum(low, high))
    small = low > high  # the whole image fits: about its middle, give or take half as much
    about = (sides - 1) / 2 + random.uniform(-most / 2, most / 2, len(size)) * size
    shifted: NDArray[np.float64] = np.where(small, about, inside)
    return shifted


def _region(
    placement: Placement, patch: tuple[int, ...], sides: NDArray[Any]
) -> tuple[list[slice], Placement]:
    """Return the part of the image that a crop needs, and the crop's place in it."""
    reach = placement.reach(patch) + 1
    low = np.clip(np.floor(placement.middle - reach), 0, sides - 1).astype(int)
    high = np.clip(np.ceil(placement.middle + reach) + 1, low + 1, sides).astype(int)
    region = [slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return region, replace(placement, middle=placement.middle - low)
