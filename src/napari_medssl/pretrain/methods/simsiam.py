"""SimSiam with crops that overlap as much as is wanted: the thesis' method.

Two crops of an image whose intersection over union lies in a band are two views; a projection and
a prediction of each are to be like the projection of the other, through which no gradient goes.

References
----------
Chen and He 2021 (SimSiam); Konieczkowicz (thesis), sections 4.2 to 4.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.heads.projections import simsiam_prediction, simsiam_projection
from napari_medssl.pretrain.images.samples import random_slice
from napari_medssl.pretrain.losses.negative_cosine import simsiam
from napari_medssl.pretrain.methods.two_views import TwoViews
from napari_medssl.pretrain.views.iou_band import IoUBand
from napari_medssl.pretrain.views.iou_crops import pair_sampler

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.pretrain.views.iou_crops import PairSampler


class SimSiam(TwoViews):
    """See the module."""

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        width = self.setting("width")
        self.projection = simsiam_projection(network.deepest_channels, width)
        self.prediction = simsiam_prediction(width)
        self._band = IoUBand(*self.setting("iou"))

    def refuses(self, image: PreparedImage) -> str:
        """Say that no two crops of an image overlap as they are to."""
        sides = [n for a, n in enumerate(image.sides) if self._is_cut(a)]
        try:
            self._pairs_of(tuple(sides))
        except UsageError as error:
            return str(error)
        return ""

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut two crops whose overlap lies in the band, and make a view of each."""
        image = random_slice(images[index], self.plan, random)
        pair = self._pairs_of(image.shape[1:]).draw(random)
        crops = [
            torch.from_numpy(image[(slice(None), *places(corner, self.plan.crop))].astype("f4"))
            for corner in (pair.first, pair.second)
        ]
        return self.viewed((crops[0], crops[1]), random)

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the symmetric negative cosine, -1 at best."""
        del step
        projected = [self.projection(self.vectors(batch[n])) for n in ("first", "second")]
        predicted = [self.prediction(vectors) for vectors in projected]
        self.note(self.team.rows(predicted[0].detach()))
        return {"similarity": simsiam((predicted[0], predicted[1]), (projected[0], projected[1]))}

    def learners(self) -> list[dict[str, Any]]:
        """Hold the prediction's rate, as SimSiam does."""
        head = {id(p) for p in self.prediction.parameters()}
        groups = []
        for group in super().learners():
            held = [p for p in group["params"] if id(p) in head]
            others = [p for p in group["params"] if id(p) not in head]
            groups += [
                {**group, "params": others},
                {**group, "params": held, "held_rate": self.plan.rate},
            ]
        return groups

    def _is_cut(self, axis: int) -> bool:
        return self.plan.dimensions == 3 or axis != self.plan.slice_axis

    def _pairs_of(self, sides: tuple[int, ...]) -> PairSampler:
        return pair_sampler(self.setting("pairs"), sides, self.plan.crop, self._band)


def places(corner: tuple[int, ...], sides: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the slices of a crop from its first corner."""
    return tuple(slice(a, a + n) for a, n in zip(corner, sides, strict=True))


METHOD = SimSiam
