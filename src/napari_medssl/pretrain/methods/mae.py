"""MAE: a vision transformer sees a quarter of the patches, and a small decoder tells the others.

References
----------
He 2022 (MAE); compared in Singh and Cirrone (MedSASS), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from napari_medssl.models.networks.medsass_vit_s import TRANSFORMER
from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.losses.masked_image import masked_patch_error
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.views.by_method import view, view_plans
from napari_medssl.pretrain.views.masking import patch_mask
from napari_medssl.pretrain.views.patches import image_of, patches_of
from napari_medssl.pretrain.watching.collapse import token_spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.models.networks.medsass_vit_s import ViTSUNet
    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan


class PatchDecoder(nn.Module):
    """A transformer that tells hidden patches from the tokens of those that were seen.

    Parameters
    ----------
    dim, width : int
        Of the encoder's tokens, and its own.
    depth, heads : int
        Of its blocks.
    places : int
        Patches of an image.
    values : int
        Of a patch.
    """

    def __init__(
        self, dim: int, *, width: int, depth: int, heads: int, places: int, values: int
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(dim, width)
        self.hidden = nn.Parameter(torch.zeros(width))
        self.place = nn.Parameter(torch.randn(places, width) * 0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.tell = nn.Linear(width, values)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        """Return (batch, places, values) of seen tokens, in order, and where none were seen."""
        whole = self.hidden.expand(*hidden.shape, -1).clone()
        whole[~hidden] = self.enter(tokens).flatten(0, 1).to(whole.dtype)
        whole = whole + self.place
        for block in self.blocks:
            whole = block(whole)
        told: Tensor = self.tell(self.norm(whole))
        return told


class Mae(Method):
    """See the module; of the network its vision transformer learns.

    A batch has ``image``, (batch, channels, *crop), and ``hidden``, (batch, patches).
    """

    parts = TRANSFORMER
    _seen: Tensor | None = None

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self._side = self._vit.patch
        self._grid = tuple(side // self._side for side in plan.crop)
        self.decoder = PatchDecoder(
            self._vit.dim,
            width=self.setting("width"),
            depth=self.setting("depth"),
            heads=self.setting("heads"),
            places=self._grid[0] * self._grid[1],
            values=self._side**2 * plan.in_channels,
        )

    @property
    def _vit(self) -> ViTSUNet:
        return cast("ViTSUNet", self.network)

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and draw which patches are hidden."""
        region = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        [how] = view_plans("mae", mirror=self.setting("mirror"))
        image = view(region, how, random, self.plan.crop, self.plan.upright)
        hidden = patch_mask(self._grid, self.setting("hidden"), random).reshape(-1)
        return {"image": image, "hidden": torch.from_numpy(hidden)}

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the mean squared error of hidden patches, in standard deviations of each."""
        del step
        patches = patches_of(batch["image"], self._side)
        return {"prediction": masked_patch_error(self.told(batch), patches, batch["hidden"])}

    def told(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return what is made of all patches, (batch, patches, values)."""
        hidden = batch["hidden"]
        _, seen = self._vit.look(self._vit.embed(batch["image"]), hidden)
        self._seen = seen.detach()
        told: Tensor = self.decoder(seen, hidden)
        return told

    def watch(self) -> dict[str, float]:
        """Return how unlike the tokens of this process's share are."""
        return {} if self._seen is None else {"token_spread": token_spread(self._seen)}

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return a crop, what is shown of it, and what the network makes of that."""
        image, hidden = batch["image"], batch["hidden"][..., None]
        patches = patches_of(image, self._side)
        spread, mean = patches.std(-1, keepdim=True), patches.mean(-1, keepdim=True)
        guessed = torch.where(hidden, self.told(batch) * spread + mean, patches)
        shown = {"image": patches, "shown": patches * ~hidden, "told": guessed}
        sides = tuple(image.shape[2:])
        return {
            title: middle_of(image_of(rows, self._side, sides)[0]) for title, rows in shown.items()
        }


METHOD = Mae
