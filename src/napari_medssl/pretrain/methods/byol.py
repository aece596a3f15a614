"""BYOL: the student foretells what a teacher that follows it makes of the other view.

References
----------
Grill 2020 (BYOL); compared in Singh and Cirrone (MedSASS), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_medssl.pretrain.heads.projections import byol_projection, pooled
from napari_medssl.pretrain.losses.byol import byol
from napari_medssl.pretrain.methods.teacher import Seer
from napari_medssl.pretrain.methods.two_views import TwoViews

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.plan import PretrainPlan


class Byol(TwoViews):
    """See the module."""

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        hidden, width = self.setting("hidden"), self.setting("width")
        head = byol_projection(
            network.deepest_channels, hidden, width, last_norm=self.setting("norms")
        )
        self.student = Seer(network, head)
        self.prediction = byol_projection(width, hidden, width)
        self.teacher = self.student.teacher()

    @property
    def views(self) -> str:
        """Which of `by_method.VIEWS` it makes."""
        return "byol-gentle" if self.setting("views") == "gentle" else "byol"

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return how far predictions are from the teacher's projections, 0 to 8."""
        del step
        self.teacher.train()  # it norms by its own batch
        names = ("first", "second")
        predicted = [self.prediction(_projected(self.student, batch[n])) for n in names]
        with torch.no_grad():
            taught = [_projected(self.teacher, batch[n]) for n in names]
        self.note(self.team.rows(predicted[0].detach()))
        return {"distance": byol((predicted[0], predicted[1]), (taught[0], taught[1]))}

    def after_step(self, step: int) -> None:
        """Move the teacher."""
        self.student.lead(self.teacher, self.plan, step)


def _projected(seer: Seer, image: Tensor) -> Tensor:
    vectors: Tensor = seer.head(pooled(seer.encode(image).deepest))
    return vectors


METHOD = Byol
