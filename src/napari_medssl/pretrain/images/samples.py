"""The batches of a run: a function of the images, the method and the step alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_medssl.models.draws import batch_at, draws
from napari_medssl.pretrain.cards import method_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.team import Team
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.method import Method
    from napari_medssl.pretrain.plan import PretrainPlan


class Samples:
    """Draws batches.

    Parameters
    ----------
    images : sequence of PreparedImage
        What is learned from.
    method : Method
        What is drawn of an image.
    """

    def __init__(self, images: Sequence[PreparedImage], method: Method) -> None:
        self._images, self._method = images, method

    @property
    def plan(self) -> PretrainPlan:
        """How the method learns."""
        return self._method.plan

    def at(self, step: int, first: int = 0, count: int | None = None) -> dict[str, Tensor]:
        """Return the batch of a step, counted from 0, or some of its items."""
        plan = self.plan
        at_once = plan.batch // plan.accumulate
        apart = at_once if method_card(plan.method).compares else 1
        order = batch_at(plan.seed, step, plan.batch, len(self._images), apart=apart)
        items = range(first, plan.batch if count is None else first + count)
        drawn = [
            self._method.sample(self._images, order[n], draws(plan.seed, "sample", step, n))
            for n in items
        ]
        return {name: torch.stack([one[name] for one in drawn]) for name in drawn[0]}

    def share(self, team: Team, step: int, part: int) -> dict[str, Tensor]:
        """Return what a process takes of a part, counted from 0, of a step's batch."""
        size = self.plan.batch // self.plan.accumulate
        count = size // team.size
        return self.at(step, part * size + team.rank * count, count)


def random_slice(
    image: PreparedImage, plan: PretrainPlan, random: np.random.Generator
) -> NDArray[np.float16]:
    """Return an image, (channels, a, b, c); of a 2-D plan a slice anywhere, (channels, a, b)."""
    if plan.dimensions == 3:
        return image.array
    number = int(random.integers(image.sides[plan.slice_axis]))
    place: list[Any] = [slice(None)] * 4
    place[1 + plan.slice_axis] = number
    slice_: NDArray[np.float16] = image.array[tuple(place)]
    return slice_


def random_region(
    image: PreparedImage, sides: Sequence[int], plan: PretrainPlan, random: np.random.Generator
) -> NDArray[np.float32]:
    """Return a region of an image that lies anywhere in it, (channels, *sides).

    Of a 2-D plan it is of one slice. An image that is smaller is mirrored at its borders.

    Parameters
    ----------
    image : PreparedImage
        Cut from it.
    sides : sequence of int
        As many as the plan's dimensions.
    plan : PretrainPlan
        Says which axis slices are cut across.
    random : Generator
        Draws the place.
    """
    whole = random_slice(image, plan, random)
    place: list[slice] = [slice(None)]
    for there, side in zip(whole.shape[1:], sides, strict=True):
        start = int(random.integers(max(0, there - side) + 1))
        place.append(slice(start, start + side))
    region = np.asarray(whole[tuple(place)], np.float32)
    missing = [side - there for side, there in zip(sides, region.shape[1:], strict=True)]
    if not any(missing):
        return region
    around = [(0, 0), *((gap // 2, gap - gap // 2) for gap in missing)]
    return np.pad(region, around, mode="symmetric")
