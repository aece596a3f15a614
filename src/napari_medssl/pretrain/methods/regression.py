"""Foretelling lost voxels: a tenth is replaced by noise, and the whole network fills it in.

References
----------
Umapathy (MRI), "regression" pretext task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.losses.masked_image import masked_absolute_error
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.views.corruption import replace_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.pretrain.images.prepared import PreparedImage


class Regression(Method):
    """See the module; the network's last layer draws the image, and is thrown away after.

    A batch has ``image`` and ``replaced``, (batch, channels, *crop), and ``where``, (batch, *crop).
    """

    parts = ("",)  # encoder and decoder

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and replace some of its voxels."""
        image = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        part, sigma = self.setting("part"), self.setting("sigma")
        replaced, where = replace_pixels(image, random, part=part, sigma=sigma)
        return {"image": image, "replaced": replaced, "where": where}

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the mean absolute error at the replaced voxels."""
        del step
        filled = self.network(batch["replaced"])
        return {"filling": masked_absolute_error(filled, batch["image"], batch["where"])}

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return a crop, what is shown of it, and what the network makes of that."""
        filled = self.network(batch["replaced"])
        shown = {"image": batch["image"], "shown": batch["replaced"], "foretold": filled}
        return {title: middle_of(image[0]) for title, image in shown.items()}


METHOD = Regression
