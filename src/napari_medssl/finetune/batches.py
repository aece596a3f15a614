"""Objects, their prompts and their masks as the network wants them, a batch a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_medssl.finetune.prompts import jittered_box, point_inside
from napari_medssl.models.draws import batch_at, draws
from napari_medssl.models.promptable import scale_xy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.finetune.pictures import Picture, Thing
    from napari_medssl.finetune.plan import SamPlan
    from napari_medssl.models.torch_engine import TorchEngine


@dataclass(frozen=True, eq=False)
class Batch:
    """What is learned from at one step; boxes come before points.

    Parameters
    ----------
    pictures : list of int
        The picture of each object.
    boxes : (n, 1, 4) tensor
        Laid into the network's square.
    points : (m, 1, 2) tensor
        The same of lone points.
    truth : (n + m, side, side) tensor
        Masks on the grid of the decoder, 0 or 1.
    clicks : int
        How many points an object that has one gets in all.
    shown : (m,) int tensor, optional
        The proposal (0 to 2) for each lone point that the second click corrects, and that is a
        prompt beside it, as every later answer is. By default that of the highest score is
        corrected, and answers are no prompts.
    """

    pictures: list[int]
    boxes: Tensor
    points: Tensor
    truth: Tensor
    clicks: int = 1
    shown: Tensor | None = None

    @property
    def lone(self) -> Tensor:
        """Which prompts are lone points, (n + m,)."""
        return torch.arange(len(self.truth), device=self.truth.device) >= len(self.boxes)


class Batches:
    """The batches of a run: a function of the plan and the step alone.

    Parameters
    ----------
    engine : TorchEngine
        Knows how prompts are laid in.
    pictures : sequence of Picture
        With their objects.
    plan : SamPlan
        Its seed, batch, jitter, share of points and clicks.
    """

    def __init__(self, engine: TorchEngine, pictures: Sequence[Picture], plan: SamPlan) -> None:
        self._engine = engine
        self._plan = plan
        # the decoder enlarges an embedding four times
        self._side = 4 * int(engine.network.prompt_encoder.image_embedding_size[0])
        self._pictures = pictures
        self._items = [(i, thing) for i, p in enumerate(pictures) for thing in p.things]

    def at(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0."""
        plan = self._plan
        drawn = batch_at(plan.seed, step, plan.batch, len(self._items))
        numbers = range(len(drawn))
        points = [draws(plan.seed, "point", step, n).random() < plan.points for n in numbers]
        order = sorted(numbers, key=lambda n: points[n])
        pictures = [self._items[drawn[n]][0] for n in order]
        truth = np.stack([self._truth(*self._items[drawn[n]]) for n in order])
        boxes = [self._box(step, n, drawn[n]) for n in order if not points[n]]
        lone = [self._point(step, n, drawn[n]) for n in order if points[n]]
        return Batch(
            pictures,
            torch.cat(boxes)[:, None] if boxes else torch.zeros(0, 1, 4),
            torch.cat(lone)[:, None] if lone else torch.zeros(0, 1, 2),
            torch.from_numpy(truth).to(self._engine.device, torch.float32),
            int(draws(plan.seed, "clicks", step).integers(1, plan.clicks + 1)),
            self._shown(step, len(lone)) if plan.corrects else None,
        )

    def _shown(self, step: int, count: int) -> Tensor:
        """Any of the three: what people correct is not always what a network thinks best."""
        drawn = draws(self._plan.seed, "shown", step).integers(0, 3, count)
        return torch.from_numpy(drawn).to(self._engine.device)

    def _box(self, step: int, number: int, item: int) -> Tensor:
        index, thing = self._items[item]
        random = draws(self._plan.seed, "box", step, number)
        box = jittered_box(self._pictures[index], thing, self._plan.jitter, random)
        return self._engine.lay_boxes_in(box[None], self._scale(index))

    def _point(self, step: int, number: int, item: int) -> Tensor:
        index, thing = self._items[item]
        point = point_inside(thing, draws(self._plan.seed, "place", step, number))
        return self._engine.lay_points_in(point[None], self._scale(index))

    def _truth(self, index: int, thing: Thing) -> NDArray[np.bool_]:
        per_pixel = self._scale(index) * self._side / self._engine.square.side
        return on_decoded_grid(thing, self._side, per_pixel)

    def _scale(self, index: int) -> NDArray[np.float32]:
        picture = self._pictures[index]
        return scale_xy(picture.size, self._engine.square.inside(picture.size, picture.pixel_mm))


def on_decoded_grid(thing: Thing, side: int, per_pixel: NDArray[Any]) -> NDArray[np.bool_]:
    """Lay an object's mask into the square that a decoder fills: the nearest pixel's value.

    Parameters
    ----------
    thing : Thing
        On its picture.
    side : int
        Rows and columns of the square.
    per_pixel : (2,) array
        Places of the square per pixel of the picture, along x and y.

    Returns
    -------
    (side, side) bool array
        False in the padding.
    """
    middles = np.arange(side) + 0.5
    row, column = thing.corner
    rows = np.floor(middles / per_pixel[1]).astype(int) - row
    columns = np.floor(middles / per_pixel[0]).astype(int) - column
    within_r = (rows >= 0) & (rows < thing.mask.shape[0])
    within_c = (columns >= 0) & (columns < thing.mask.shape[1])
    laid = np.zeros((side, side), bool)
    laid[np.ix_(within_r, within_c)] = thing.mask[np.ix_(rows[within_r], columns[within_c])]
    return laid
