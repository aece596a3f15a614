"""SimMIM: cells of the image are hidden, and one layer on the encoder tells what was there.

Hidden voxels are replaced by one learned value in the image, so that any encoder can learn by it;
the paper replaces tokens of a transformer after their embedding, which says the same.

References
----------
Xie 2022 (SimMIM); compared in Singh and Cirrone (MedSASS), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.losses.masked_image import masked_absolute_error
from napari_medssl.pretrain.masking import block_mask, enlarged, patch_mask
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.reconstruction_heads import PatchReconstruction
from napari_medssl.pretrain.samples import random_region
from napari_medssl.pretrain.views import VIEWS, view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan


class SimMIM(Method):
    """See the module.

    A batch has ``image``, (batch, channels, *crop), and ``hidden``, (batch, *crop).
    Settings: ``hidden``, the part of the cells; ``cell``, their side in voxels; ``blocks``, whether
    neighbouring cells are hidden together, as BEiT does.
    """

    settings: ClassVar = {"hidden": 0.6, "cell": 8, "blocks": False}

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self._part, self._cell = self.setting("hidden"), self.setting("cell")
        if not 0 < self._part < 1:
            raise UsageError(f"hidden={self._part:g}", expected="between 0 and 1")
        if any(side % self._cell or side == self._cell for side in plan.crop):
            raise UsageError(
                f"cells of {self._cell} voxels in crops of {' x '.join(map(str, plan.crop))}",
                expected="a part of each side",
            )
        self.nothing = nn.Parameter(torch.zeros(plan.in_channels))
        self.tell = PatchReconstruction(
            network.dimensions, network.deepest_channels, network.multiple, plan.in_channels
        )

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and draw what is hidden of it."""
        region = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        image = view(region, VIEWS["simmim"][0], random, self.plan.crop)
        draw = block_mask if self.setting("blocks") else patch_mask
        cells = draw(tuple(n // self._cell for n in self.plan.crop), self._part, random)
        return {"image": image, "hidden": torch.from_numpy(enlarged(cells, self._cell))}

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the mean absolute error of what was hidden."""
        del step
        told = self.told(batch)
        return {"prediction": masked_absolute_error(told, batch["image"], batch["hidden"])}

    def told(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return what the network makes of the images, (batch, channels, *crop)."""
        hidden = batch["hidden"][:, None]
        value = self.nothing.reshape(1, -1, *[1] * self.network.dimensions)
        shown = torch.where(hidden, value.to(batch["image"].dtype), batch["image"])
        image: Tensor = self.tell(self.network.encode(shown).deepest)
        return image

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return a crop, what is shown of it, and what the network makes of that."""
        image, hidden = batch["image"], batch["hidden"][:, None]
        guessed = torch.where(hidden, self.told(batch), image)
        shown = {"image": image, "shown": image * ~hidden, "told": guessed}
        return {title: middle_of(one[0]) for title, one in shown.items()}


METHOD = SimMIM
