"""Barlow twins on a U-Net's encoder: each feature the same in both views, and unlike the others.

References
----------
Zbontar 2021 (Barlow twins); Punn 2022 (BT-UNet), as used in Bhardwaj (survey), section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.pretrain.heads.projections import barlow_projection
from napari_medssl.pretrain.losses.barlow import barlow_twins
from napari_medssl.pretrain.methods.two_views import TwoViews

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.plan import PretrainPlan


class Barlow(TwoViews):
    """See the module."""

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self.projection = barlow_projection(network.deepest_channels, self.setting("width"))

    def learners(self) -> list[dict[str, Any]]:
        """Let all weights shrink, or the projection's alone, as published."""
        groups = super().learners()
        if self.setting("decays") == "all":
            return groups
        head = {id(p) for p in self.projection.parameters()}
        shrunk, still = groups
        encoder = [p for p in shrunk["params"] if id(p) not in head]
        own = [p for p in shrunk["params"] if id(p) in head]
        return [
            {**shrunk, "params": own},
            {**still, "params": [*still["params"], *encoder]},
        ]

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return how far the correlations of features are from the identity."""
        del step
        first, second = (
            self.team.rows(self.projection(self.vectors(batch[name])))
            for name in ("first", "second")
        )
        self.note(first)
        return {"twins": barlow_twins(first, second, redundancy=self.setting("redundancy"))}


METHOD = Barlow
