"""MedSASS: the network learns a mask that a threshold makes of each picture as it comes.

References
----------
Singh and Cirrone (MedSASS), section 3.3 and appendix B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.losses.tversky import MASK_LOSSES
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.pseudo.mask import Threshold, pseudo_mask, side_of
from napari_medssl.pretrain.views.by_method import view, view_plans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.trained import Holds
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.pretrain.pseudo.mask import Polarity, Side

#: below this overlap with masks that are there, nothing is learned
_LOST = 0.01


class MedSass(Method):
    """See the module.

    A batch has ``image``, (batch, channels, *crop), and ``mask``, (batch, 1, *crop).
    """

    parts = ("",)

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self._loss = MASK_LOSSES[self.setting("loss")]
        self._threshold = Threshold.by(self.setting)
        self._sides: dict[str, Side] = {}
        self._inside = self._overlap = 0.0

    @property
    def holds(self) -> Holds:
        """Return what is handed on to fine-tuning."""
        return cast("Holds", self.setting("what"))

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, change it, and threshold what came of it."""
        region = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        [how] = view_plans("medsass", mirror=self.setting("mirror"))
        image = view(region, how, random, self.plan.crop, self.plan.upright)
        side = self._side(images[index])
        inside = pseudo_mask(image.numpy(), self._threshold, side).inside
        return {"image": image, "mask": torch.from_numpy(inside)[None].float()}

    def decided(self, images: Sequence[PreparedImage]) -> str:
        """Say of how many images the bright, and of how many the dark side is meant."""
        if self.setting("polarity") != "auto":
            return ""
        dark = sum(self._side(image) == "dark" for image in images)
        return (
            f"By their edges, what is bright is taken for inside in {len(images) - dark} of "
            f"{len(images)} images, and what is dark in {dark}."
        )

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return how far the network's mask is from the threshold's."""
        del step
        logits = self.team.rows(self._logits(batch["image"]))  # an overlap is no mean over images
        mask = self.team.rows(batch["mask"])
        said, meant = logits.detach() > 0, mask > 0
        self._inside = float(meant.float().mean())
        self._overlap = float((said & meant).sum() / (said | meant).sum().clamp(min=1))
        return {"mask": self._loss(logits, mask)}

    def watch(self) -> dict[str, float]:
        """Return the part of the voxels in the mask, and the network's overlap (IoU) with it."""
        return {"mask_part": self._inside, "mask_iou": self._overlap}

    def collapsed(self) -> str:
        """Say that the network finds nothing, or that there is nothing to find."""
        if not 0 < self._inside < 1:
            return f"The threshold takes {self._inside:.0%} of the last images for inside."
        if self._overlap >= _LOST:
            return ""
        return "The network does not find the masks that the threshold made; another loss may."

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return a crop, its mask by the threshold, and the network's."""
        told = self._logits(batch["image"]).sigmoid()
        shown = {"image": batch["image"], "pseudo-mask": batch["mask"], "learned": told}
        return {title: middle_of(image[0]) for title, image in shown.items()}

    def _side(self, image: PreparedImage) -> Side:
        """Return which side is meant in an image: one for all of its crops."""
        polarity = cast("Polarity", self.setting("polarity"))
        if polarity != "auto":
            return polarity
        if image.id not in self._sides:
            self._sides[image.id] = side_of(image.array, self._threshold)
        return self._sides[image.id]

    def _logits(self, image: Tensor) -> Tensor:
        both: Tensor = self.network(image)
        return both[:, 1:2] - both[:, 0:1]


METHOD = MedSass
