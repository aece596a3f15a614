"""SimMIM: cells of the image are hidden, and one layer on the encoder tells what was there.

Of a vision transformer, as in the paper, the tokens of hidden patches are replaced by one learned
token after their embedding, and the layer is on its tokens. So that any other encoder can learn by
it too, there hidden voxels are replaced by one learned value in the image.

References
----------
Xie 2022 (SimMIM); compared in Singh and Cirrone (MedSASS), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.medsass_vit_s import TRANSFORMER, ViTSUNet
from napari_medssl.pretrain.heads.reconstruction import PatchReconstruction
from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.losses.masked_image import masked_absolute_error
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.views.by_method import view, view_plans
from napari_medssl.pretrain.views.masking import block_mask, enlarged, patch_mask
from napari_medssl.pretrain.watching.collapse import token_spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan


class SimMIM(Method):
    """See the module.

    A batch has ``image``, (batch, channels, *crop), and ``hidden``, (batch, *crop).
    """

    _seen: Tensor | None = None

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self._part, self._cell = self.setting("hidden"), self.setting("cell")
        if any(side % self._cell or side == self._cell for side in plan.crop):
            raise UsageError(
                f"cells of {self._cell} voxels in crops of {' x '.join(map(str, plan.crop))}",
                expected="a part of each side",
            )
        hidden_as, channels = plan.in_channels, network.deepest_channels
        side: int | tuple[int, ...] = network.factors
        if isinstance(network, ViTSUNet):
            self.parts = TRANSFORMER
            hidden_as, channels, side = network.dim, network.dim, network.patch
            if self._cell % network.patch:
                raise UsageError(
                    f"cells of {self._cell} voxels over patches of {network.patch}",
                    expected=f"a multiple of {network.patch}",
                )
        self.nothing = nn.Parameter(torch.zeros(hidden_as))
        self.tell = PatchReconstruction(network.dimensions, channels, side, plan.in_channels)

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and draw what is hidden of it."""
        region = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        [how] = view_plans("simmim", mirror=self.setting("mirror"))
        image = view(region, how, random, self.plan.crop, self.plan.upright)
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
        image, hidden = batch["image"], batch["hidden"]
        if isinstance(self.network, ViTSUNet):
            told: Tensor = self.tell(self._tokens(self.network, image, hidden))
            return told
        value = self.nothing.reshape(1, -1, *[1] * self.network.dimensions)
        shown = torch.where(hidden[:, None], value.to(image.dtype), image)
        told = self.tell(self.network.encode(shown).deepest)
        return told

    def _tokens(self, network: ViTSUNet, image: Tensor, hidden: Tensor) -> Tensor:
        """Return the transformer's tokens where they lie, (batch, dim, rows, columns)."""
        embedded = network.embed(image)
        where = hidden[:, :: network.patch, :: network.patch, None]
        shown = torch.where(where, self.nothing.to(embedded.dtype), embedded)
        _, tokens = network.look(shown)
        self._seen = tokens.detach()
        return tokens.transpose(1, 2).reshape(len(tokens), -1, *embedded.shape[1:3])

    def watch(self) -> dict[str, float]:
        """Return, of a transformer, how unlike the tokens of this process's share are."""
        return {} if self._seen is None else {"token_spread": token_spread(self._seen)}

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return a crop, what is shown of it, and what the network makes of that."""
        image, hidden = batch["image"], batch["hidden"][:, None]
        guessed = torch.where(hidden, self.told(batch), image)
        shown = {"image": image, "shown": image * ~hidden, "told": guessed}
        return {title: middle_of(one[0]) for title, one in shown.items()}


METHOD = SimMIM
