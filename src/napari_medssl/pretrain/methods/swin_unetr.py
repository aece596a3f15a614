"""Swin UNETR's own: how was it turned, which image is it, and what was cut out.

Two copies of a crop are turned by quarters each, boxes of both are replaced by noise or by another
image, and three heads on the deepest map are asked.

References
----------
Tang 2022 (Swin UNETR), section 3, and the code published with it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.heads.projections import pooled
from napari_medssl.pretrain.heads.swin_unetr import SwinUnetrAnswers, SwinUnetrHeads, turn_each
from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.losses.swin_unetr import swin_unetr
from napari_medssl.pretrain.methods.two_views import TwoViews, middle_of
from napari_medssl.pretrain.views.corruption import cut_out
from napari_medssl.pretrain.watching.collapse import pairs_found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan

_BY_NOISE, _ALIKE = 0.5, 0.99


class SwinUnetr(TwoViews):
    """See the module.

    A batch has ``image`` and ``cut``, (batch, 2, channels, *crop), before and after cutting out,
    and ``turns``, (batch, 2).
    """

    _found = 0.0

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        if len(set(network.factors)) > 1:
            by = " x ".join(map(str, network.factors))
            raise UsageError(
                f"a network that makes one place of {by} voxels: what was cut out is drawn by "
                "doubling every side alike",
                expected="as many along each axis",
                do="Choose another method, such as simmim",
            )
        if prod(side // network.multiple for side in plan.crop) < 2:
            raise UsageError(
                f"crops of {plan.crop}, which are one place of the deepest map",
                expected="two places or more: one tells the turn, another the image",
                do=f"Choose crops of twice {network.multiple} along one axis or more",
            )
        doublings = network.multiple.bit_length() - 1
        channels = network.deepest_channels
        norms = self.setting("norms")
        self.heads = SwinUnetrHeads(
            plan.dimensions, channels, doublings, plan.in_channels, norms=norms
        )

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere; turn it twice, and cut boxes out of both."""
        region = self._square_region(images[index], random)
        turned, turns = turn_each(torch.stack([region, region]), random, self._plane)
        whole = [self._middle(view) for view in turned]
        other = self._middle(self._square_region(images[int(random.integers(len(images)))], random))
        cut = [self._cut(view, other, random) for view in whole]
        return {"image": torch.stack(whole), "cut": torch.stack(cut), "turns": turns}

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the three terms, which weigh the same."""
        del step
        said = self._said(batch["cut"].transpose(0, 1).flatten(0, 1))
        first, second = (self.team.rows(part) for part in said.vectors.chunk(2))
        self.note(first)
        self._found = pairs_found(first, second)
        parts = swin_unetr(
            turned=said.turned,
            turns=batch["turns"].T.flatten(),
            vectors=(first, second),
            predicted=said.image,
            image=batch["image"].transpose(0, 1).flatten(0, 1),
        )
        return {
            "rotation": parts.rotation,
            "contrast": parts.contrast,
            "inpainting": parts.inpainting,
        }

    def watch(self) -> dict[str, float]:
        """Return the collapse coefficient, and the part of images found in their other copy."""
        return {**super().watch(), "found": self._found}

    def collapsed(self) -> str:
        """Say that all images come out alike; without a norm much is common to all at first."""
        return super().collapsed() if self._spread > _ALIKE else ""

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return a view, what is shown of it, and what the network makes of that."""
        views, cut = batch["image"][0], batch["cut"][0]
        shown = {"image": views, "shown": cut, "filled in": self._said(cut).image}
        return {title: middle_of(image[0]) for title, image in shown.items()}

    def _said(self, views: Tensor) -> SwinUnetrAnswers:
        deepest = self.network.encode(views).deepest
        if self.setting("place") == "mean":
            mean = pooled(deepest)
            return SwinUnetrAnswers(
                self.heads.turn(mean), self.heads.vector(mean), self.heads.draw(deepest)
            )
        answers: SwinUnetrAnswers = self.heads(deepest)
        return answers

    @property
    def _plane(self) -> tuple[int, int]:
        """Which of a crop's axes are rows and columns of slices."""
        rows, columns = self.plan.upright[-2:]
        return rows, columns

    def _square_region(self, image: PreparedImage, random: np.random.Generator) -> Tensor:
        """Cut a region that can be turned: slices are as long and as wide as the crop's longer."""
        crop = self.plan.crop
        longer = max(crop[axis] for axis in self._plane)
        sides = [longer if axis in self._plane else side for axis, side in enumerate(crop)]
        return torch.from_numpy(random_region(image, sides, self.plan, random))

    def _middle(self, region: Tensor) -> Tensor:
        place = [slice(None)]
        for there, side in zip(region.shape[1:], self.plan.crop, strict=True):
            start = (there - side) // 2
            place.append(slice(start, start + side))
        return region[tuple(place)].contiguous()

    def _cut(self, view: Tensor, other: Tensor, random: np.random.Generator) -> Tensor:
        by = None if random.random() < _BY_NOISE else other
        return cut_out(view, random, other=by, most=self.setting("cut"))


METHOD = SwinUnetr
