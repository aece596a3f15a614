"""SMIT: a student tells what was hidden from it, and what a teacher that saw it all makes of it.

Two crops that lie in one larger crop are two views. The student sees them with most patches
hidden and has three tasks: draw the hidden voxels; say of a hidden patch what the teacher says of
it; say of a view what the teacher says of the other.

References
----------
Jiang 2022 (SMIT), section 2, and the code published with it; Bhardwaj (survey), section 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.smit import Smit as SmitNetwork
from napari_medssl.pretrain.heads.projections import ByBatch, DistillationHead
from napari_medssl.pretrain.heads.reconstruction import PatchReconstruction
from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.learning.ema import follow, teacher_of
from napari_medssl.pretrain.learning.schedules import teacher_momentum, teacher_temperature
from napari_medssl.pretrain.losses.distillation import moved_centre
from napari_medssl.pretrain.losses.smit import (
    IMAGE_WEIGHT,
    PATCH_WEIGHT,
    SmitAnswers,
    SmitCentres,
    SmitLoss,
    smit,
)
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.teacher import Answers
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.views.masking import hidden_count, patch_mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.networks.swin import SmitSwin
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan

VIEWS = 2
#: voxels along each side of a hidden patch: one token of the third stage
_CELL, _STAGE = 16, 2
#: of what the first layer makes a token, and of what the deepest map's place stands for
_EMBEDDED, _DEEPEST = 2, 32
#: of a run, how long the teacher's temperature rises: 30 of 500 epochs
_RISING = 0.06
#: of a run, how long the last layers are held at most: an epoch of a short run is most of it
_HELD = 0.1
_NO_CLASS, _ONE_CLASS = 0.99, 1.5


@dataclass(frozen=True, eq=False)
class Said:
    """What a student or teacher makes of views.

    Parameters
    ----------
    answers : SmitAnswers
        Logits of patches and of views.
    deepest : (views * batch, channels, *sides) tensor
        The transformer's coarsest map.
    tokens : (views * batch, tokens, channels) tensor
        What the answers are made from, before norms by the batch.
    """

    answers: SmitAnswers
    deepest: Tensor
    tokens: Tensor


class Pupil(nn.Module):
    """The transformer with a head for its patches and one for the whole view.

    Parameters
    ----------
    transformer : SmitSwin
        Shared with the network.
    channels, classes, hidden : int
        Of a token of the third stage; of the answers; width of the heads.
    norms : bool
        Whether tokens are normed by the batch too.
    """

    def __init__(
        self, transformer: SmitSwin, channels: int, classes: int, hidden: int, norms: bool
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.norm = nn.LayerNorm(channels)
        self.by_batch = ByBatch(channels) if norms else nn.Identity()
        self.patches = DistillationHead(channels, classes, hidden=hidden)
        self.image = DistillationHead(channels, classes, hidden=hidden)

    def forward(self, embedded: Tensor) -> Said:
        """Run the transformer on tokens as its `embed` gives them, view by view."""
        maps = self.transformer.forward_from(embedded)
        tokens = self.norm(maps.merged[_STAGE].flatten(2).transpose(1, 2))
        own = self.by_batch(tokens)
        images = self.image(own.mean(1)).unflatten(0, (VIEWS, -1))
        return Said(SmitAnswers(self.patches(own), images), maps.merged[-1], tokens)


class Smit(Method):
    """See the module.

    A batch has ``views``, (batch, 2, channels, *crop), ``hidden``, (batch, 2, *crop / 16), and
    ``of``, (batch,): how many images there are.
    """

    patch_centre: Tensor
    image_centre: Tensor

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        if not isinstance(network, SmitNetwork):
            raise UsageError("SMIT with another network", expected="'smit' or 'smit_12'")
        hidden_count(prod(self._grid), self.setting("masked"))
        classes, width = self.setting("classes"), self.setting("hidden")
        deepest = network.deepest_channels
        norms = self.setting("norms")
        self.student = Pupil(network.transformer, deepest // 2, classes, width, norms)
        self.teacher = teacher_of(self.student)
        self.mask_token = nn.Parameter(torch.zeros(deepest // 16))
        self.draw = PatchReconstruction(3, deepest, _DEEPEST, plan.in_channels)
        self.register_buffer("patch_centre", torch.zeros(classes))
        self.register_buffer("image_centre", torch.zeros(classes))
        self._told: list[tuple[Tensor, Tensor]] = []
        self._images = 0
        self._last: tuple[Answers, float] | None = None

    @property
    def _grid(self) -> tuple[int, ...]:
        return tuple(side // _CELL for side in self.plan.crop)

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a large crop anywhere and two in it, and choose what of each is hidden."""
        crop = self.plan.crop
        large = [round(self.setting("around") * side) for side in crop]
        region = random_region(images[index], large, self.plan, random)
        views = [torch.from_numpy(_inside(region, crop, random)) for _ in range(VIEWS)]
        hidden = [patch_mask(self._grid, self.setting("masked"), random) for _ in range(VIEWS)]
        return {
            "views": torch.stack(views),
            "hidden": torch.stack([torch.from_numpy(mask) for mask in hidden]),
            "of": torch.tensor(len(images)),
        }

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return SMIT's three terms, weighted."""
        views, hidden = _by_view(batch["views"]), _by_view(batch["hidden"])
        said = self.student(self._embedded(views, hidden))
        with torch.no_grad():
            self.teacher.eval()
            taught = self.teacher(self.teacher.transformer.embed(views))
        rising = round(_RISING * self.plan.steps)
        warmth = partial(teacher_temperature, step, rising, end=self.setting("warmest"))
        warm = warmth()
        answers = Answers(taught.tokens, taught.answers.patches, said.answers.patches.detach())
        self._images, self._last = int(batch["of"][0]), (answers, warm)
        self._told.append((taught.answers.patches.mean((0, 1)), taught.answers.images.mean((0, 1))))
        parts = smit(
            predicted=self.draw(said.deepest),
            image=views,
            hidden=_enlarged(hidden, _CELL),
            student=said.answers,
            teacher=taught.answers,
            hidden_tokens=hidden.flatten(1),
            centres=SmitCentres(self.patch_centre, self.image_centre),
            patch_temperature=warmth(held=rising),
            image_temperature=warm,
        )
        return _weighted(parts)

    def before_step(self, step: int) -> None:
        """Hold the heads' last layers in the first epoch, or a tenth of a short run."""
        if step * self.plan.batch < self._images and step < _HELD * self.plan.steps:
            self.student.patches.hold_last()
            self.student.image.hold_last()

    def after_step(self, step: int) -> None:
        """Move the teacher, and the centres of what it said."""
        kept = teacher_momentum(step, self.plan.steps, self.setting("momentum"))
        follow(self.teacher, self.student, kept)
        patches, images = (torch.stack(means) for means in zip(*self._told, strict=True))
        self.patch_centre.copy_(moved_centre(self.patch_centre, self.team.rows(patches)))
        self.image_centre.copy_(moved_centre(self.image_centre, self.team.rows(images)))
        self._told.clear()

    def watch(self) -> dict[str, float]:
        """Return how unlike the tokens of this process's share are, and how classes are used."""
        if self._last is None:
            return {}
        answers, warm = self._last
        return answers.figures(self.patch_centre, warm)

    def collapsed(self) -> str:
        """Say that the teacher names one class of everything, or none of anything."""
        seen = self.watch()
        if not seen or (
            seen["teacher_entropy"] < _NO_CLASS and seen["answers_in_use"] > _ONE_CLASS
        ):
            return ""
        return (
            "The teacher begins to say the same of every patch (entropy "
            f"{seen['teacher_entropy']:.2f} of 1, {seen['answers_in_use']:.1f} classes in use): "
            "what is learned from here on may be worth nothing."
        )

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return a view, what the student sees of it, and what it draws in its place."""
        views, hidden = _by_view(batch["views"]), _by_view(batch["hidden"])
        maps = self.student.transformer.forward_from(self._embedded(views, hidden))
        drawn = self.draw(maps.merged[-1])
        where = _enlarged(hidden, _CELL)[:, None]
        shown = {
            "image": views,
            "masked": views.where(~where, views.amin()),
            "predicted": drawn.where(where, views),
        }
        return {title: middle_of(image[0]) for title, image in shown.items()}

    def _embedded(self, views: Tensor, hidden: Tensor) -> Tensor:
        tokens = self.student.transformer.embed(views)
        where = _enlarged(hidden, _CELL // _EMBEDDED)[..., None]
        return torch.where(where, self.mask_token.to(tokens.dtype), tokens)


def _by_view(stacked: Tensor) -> Tensor:
    """Turn (batch, views, ...) into (views * batch, ...), view by view."""
    return stacked.transpose(0, 1).flatten(0, 1)


def _enlarged(mask: Tensor, factor: int) -> Tensor:
    for axis in range(1, mask.dim()):
        mask = mask.repeat_interleave(factor, axis)
    return mask


def _inside(
    region: NDArray[np.float32], sides: tuple[int, ...], random: np.random.Generator
) -> NDArray[np.float32]:
    """Cut a crop that lies anywhere in a region, (channels, *sides)."""
    firsts = [
        int(random.integers(there - side + 1))
        for there, side in zip(region.shape[1:], sides, strict=True)
    ]
    place = (slice(a, a + side) for a, side in zip(firsts, sides, strict=True))
    return region[(slice(None), *place)].copy()


def _weighted(parts: SmitLoss) -> dict[str, Tensor]:
    return {
        "prediction": parts.prediction,
        "patches": PATCH_WEIGHT * parts.patches,
        "images": IMAGE_WEIGHT * parts.images,
    }


METHOD = Smit
