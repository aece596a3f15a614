"""What methods that compare two views of an image share: the views, and their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_medssl.pretrain.heads.projections import pooled
from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.views.by_method import view, view_plans
from napari_medssl.pretrain.watching.collapse import COLLAPSED_FROM, collapse_coefficient

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.pretrain.images.prepared import PreparedImage


class TwoViews(Method):
    """Two views of one crop, and a collapse coefficient of what became of them.

    A batch has ``first`` and ``second``, (batch, channels, *crop) each.
    """

    _spread = 0.0

    @property
    def views(self) -> str:
        """Which of `by_method.VIEWS` it makes."""
        return self.plan.method

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and make two views of it."""
        region = random_region(images[index], self.plan.crop, self.plan, random)
        return self.viewed((torch.from_numpy(region),) * 2, random)

    def viewed(
        self, crops: tuple[Tensor, Tensor], random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Return a view of each crop."""
        plans = view_plans(self.views, mirror=self.setting("mirror"))
        sides, upright = self.plan.crop, self.plan.upright
        both = [view(c, p, random, sides, upright) for c, p in zip(crops, plans, strict=True)]
        return {"first": both[0], "second": both[1]}

    def vectors(self, image: Tensor) -> Tensor:
        """Return what the encoder makes of images: (batch, channels)."""
        return pooled(self.network.encode(image).deepest)

    def note(self, vectors: Tensor) -> None:
        """Remember how alike the vectors of a whole batch are, for `watch`."""
        self._spread = collapse_coefficient(vectors.detach())

    def watch(self) -> dict[str, float]:
        """Return the collapse coefficient, 0 (all different) to 1 (all the same)."""
        return {"collapse": self._spread}

    def collapsed(self) -> str:
        """Say that all images come out alike."""
        if self._spread <= COLLAPSED_FROM:
            return ""
        return (
            f"All images begin to come out alike (collapse {self._spread:.2f}, of 1): what is "
            "learned from here on may be worth nothing."
        )

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return the middle of both views."""
        return {
            "one view": middle_of(batch["first"][0]),
            "other view": middle_of(batch["second"][0]),
        }


def middle_of(image: Tensor) -> NDArray[Any]:
    """Return the middle slice of (channels, *sides) as numbers from 0 to 1."""
    grey = image.detach().float().mean(0)
    if grey.ndim == 3:
        grey = grey[grey.shape[0] // 2]
    low, high = grey.min(), grey.max()
    shown: NDArray[Any] = ((grey - low) / (high - low).clamp_min(1e-6)).cpu().numpy()
    return shown
