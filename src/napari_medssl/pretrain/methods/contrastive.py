"""Contrast: first the encoder learns to tell images apart, then the decoder regions of them.

In the first stage two views of a crop are to be found among all views of a batch. In the second
the encoder is frozen, and each region of a decoder level is to be found in another view among
others beside it; there views differ in intensity only, so that regions stay where they are.

References
----------
Umapathy (MRI), section II.C, after Chaitanya 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.levels import LevelledUNet
from napari_medssl.pretrain.heads.projections import contrast_projection, local_projection
from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.losses.local_contrast import local_contrast, spread_regions
from napari_medssl.pretrain.losses.nt_xent import nt_xent
from napari_medssl.pretrain.methods.two_views import TwoViews, middle_of
from napari_medssl.pretrain.settings.allowed import within
from napari_medssl.pretrain.views.by_method import view, view_plans
from napari_medssl.pretrain.watching.collapse import pairs_found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from napari_medssl.models.networks.network import Features, SegmentationNetwork
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan

_ALIKE = 0.99


class Contrastive(TwoViews):
    """See the module.

    A batch has ``first`` and ``second``, (batch, channels, *crop), for the encoder, and
    ``bright`` and ``dark``, alike, for the decoder. Stage ``"decoder"``
    is for a network whose encoder has learned before.
    """

    _found: float | None = None

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self._stage = self.setting("stage")
        if self._stage != "decoder":
            self.projection = contrast_projection(
                network.deepest_channels, norms=self.setting("norms")
            )
        if self._stage != "encoder":
            self._begin_decoder(network, plan)

    def _begin_decoder(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        if not isinstance(network, LevelledUNet):
            raise UsageError(
                f"contrast of the decoder of '{plan.network}', which cannot be stopped half-way",
                expected="a network like 'unet_small' or 'mri_unet'",
                do="Choose one of them, or the encoder alone: stage=encoder",
            )
        encoder = network.encoder_parts if self._stage == "both" else ()
        self.parts = (*encoder, "rises")
        levels = len(network.rises)
        self._level = int(within("level", self.setting("level"), 1, levels))
        factor = 2 ** (levels - self._level)
        sides = tuple(side // factor for side in plan.crop)
        self._corners = spread_regions(sides, self.setting("regions"))
        channels = _channels(network, self._level)
        self.local: nn.Module = local_projection(plan.dimensions, channels)

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and make the views of it that the stages need."""
        crop = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        names: dict[str, tuple[str, str]] = {}
        if self._stage != "decoder":
            names["contrastive-global"] = ("first", "second")
        if self._stage != "encoder":
            names["contrastive-local"] = ("bright", "dark")
        return {
            name: view(crop, plan, random, self.plan.crop, self.plan.upright)
            for kind, both in names.items()
            for name, plan in zip(both, view_plans(kind), strict=True)
        }

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the contrast of images, or of regions."""
        if self._encoder_learns(step):
            first, second = (
                self.team.rows(self.projection(self.vectors(batch[n]))) for n in ("first", "second")
            )
            self.note(first)
            self._found = pairs_found(first, second)
            return {"images": nt_xent(first, second, temperature=self.setting("temperature"))}
        one, other = (self.local(self._decoded(batch[n])) for n in ("bright", "dark"))
        loss = local_contrast(one, other, self._corners, temperature=self.setting("temperature"))
        return {"regions": loss}

    def watch(self) -> dict[str, float]:
        """Return the collapse coefficient, and the part of images found in their other view.

        Nothing where the encoder does not learn.
        """
        return {} if self._found is None else {**super().watch(), "found": self._found}

    def collapsed(self) -> str:
        """Say that all images come out alike; without a norm much is common to all at first."""
        return super().collapsed() if self._spread > _ALIKE else ""

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return the views of both stages."""
        words = {"first": "one view", "second": "other view", "bright": "regions of", "dark": "in"}
        return {words[name]: middle_of(views[0]) for name, views in batch.items()}

    def _encoder_learns(self, step: int) -> bool:
        first = {"encoder": 1.0, "decoder": 0.0, "both": float(self.setting("part"))}
        return step < first[self._stage] * self.plan.steps

    def _decoded(self, image: Tensor) -> Tensor:
        """Return a decoder level's map; the encoder is frozen, and so are what its norms count."""
        network = cast("LevelledUNet", self.network)
        network.levels.eval()
        with torch.no_grad():
            features: Features = network.encode(image)
        return network.decode_upto(features, self._level)


@torch.no_grad()
def _channels(network: LevelledUNet, level: int) -> int:
    """Return how many channels a decoder level has; found by trying, on an image of nothing."""
    learning, sides = network.training, (network.smallest,) * network.dimensions
    network.eval()
    nothing = torch.zeros(1, network.in_channels, *sides)
    channels = network.decode_upto(network.encode(nothing), level).shape[1]
    network.train(learning)
    return channels


METHOD = Contrastive
