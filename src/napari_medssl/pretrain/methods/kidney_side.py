"""Kidney side: two halves of bodies are to lie close together if both are left or both right.

A volume is cut at its sagittal middle; of a half, what was drawn on it, or what a threshold takes
for inside, is kept, and the rest is set to 0. Nothing is mirrored: mirrored, a left half is a right
one.

References
----------
Dhere and Sivaswamy (S1), section 2.1, and the authors' code. They take what lies in a kidney's
label; the threshold, which needs none, is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch.nn import functional

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.heads.projections import pooled
from napari_medssl.pretrain.losses.margin import margin_loss
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.pseudo.mask import Threshold, pseudo_mask
from napari_medssl.pretrain.views.changes import resized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.pretrain.pseudo.mask import Polarity

_TOGETHER = 0.02


class KidneySide(Method):
    """See the module.

    A batch has ``first`` and ``second``, (batch, channels, *crop), and ``same``, (batch,).
    """

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        if any(set(row.get("codes", "")) == set("ijk") for row in plan.preparation):
            raise UsageError(
                "images in their file's own axes, of which nobody knows which is left to right",
                expected="another method: this one cuts images at their middle",
            )
        self._apart: dict[str, float] = {}

    def refuses(self, image: PreparedImage) -> str:
        """Say that nobody knows an image's sides, or that nothing is drawn on one of them."""
        if not image.orientation_known:
            return "its file does not say which side is left"
        if self.setting("mask") != "labels":
            return ""
        if image.inside is None:
            return "it has no mask"
        empty = [not image.inside[..., _half_of(image, side)].any() for side in (0, 1)]
        return "nothing is drawn on one of its halves" if any(empty) else ""

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Take a half of the image, and any other half of any image."""
        first = 2 * index + int(random.integers(2))
        second = int(random.integers(2 * len(images) - 1))
        second += second >= first
        halves = [self._half(images[n // 2], n % 2) for n in (first, second)]
        same = torch.tensor(first % 2 == second % 2)
        return {"first": halves[0], "second": halves[1], "same": same}

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the margin loss of the deepest maps."""
        del step
        first, second = (self.network.encode(batch[n]).deepest for n in ("first", "second"))
        self._note(first.detach(), second.detach(), batch["same"])
        how = {name: self.setting(name) for name in ("margin", "literal")}
        loss = margin_loss(first, second, batch["same"], **how)
        return {"margin": loss}

    def watch(self) -> dict[str, float]:
        """Return the mean distance of pairs of one side, and of two; 0 to 2."""
        return self._apart

    def collapsed(self) -> str:
        """Say that both sides come out alike."""
        if self._apart.get("apart_other", 1.0) > _TOGETHER:
            return ""
        return "Left and right halves begin to come out alike: nothing may be learned from here on."

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return both halves."""
        words = "same side" if bool(batch["same"][0]) else "other side"
        return {"a half": middle_of(batch["first"][0]), words: middle_of(batch["second"][0])}

    def _note(self, first: Tensor, second: Tensor, same: Tensor) -> None:
        """Remember how far apart the pairs of a whole batch are."""
        one, other = (functional.normalize(pooled(maps.float()), dim=1) for maps in (first, second))
        apart, alike = self.team.rows((one - other).norm(dim=1)), self.team.rows(same.float()) > 0
        kinds = {"apart_same": apart[alike], "apart_other": apart[~alike]}
        self._apart = {name: float(kind.mean()) for name, kind in kinds.items() if len(kind)}

    def _half(self, image: PreparedImage, side: int) -> Tensor:
        """Return what is kept of the half at the patient's right (0) or left (1), as a crop."""
        place = _half_of(image, side)
        half = np.asarray(image.array[..., place], np.float32)
        if self.setting("mask") == "pseudo":
            polarity = cast("Polarity", self.setting("polarity"))
            half = _kept(half, pseudo_mask(half, Threshold.by(self.setting), polarity).inside)
        elif self.setting("mask") == "labels" and image.inside is not None:
            half = _kept(half, image.inside[..., place] > 0)
        kept = torch.from_numpy(half)
        fit = resized if self.setting("fit") == "resize" else _fit
        return fit(kept, self.plan.crop)


def _half_of(image: PreparedImage, side: int) -> slice:
    wide = image.sides[-1]
    return slice(wide // 2, None) if side else slice((wide + 1) // 2)


def _kept(image: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Keep what lies inside, in the smallest box around it; all, where nothing is inside."""
    places = np.nonzero(inside)
    if not len(places[0]):
        return image
    box = tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in places)
    return np.ascontiguousarray((image * inside)[(slice(None), *box)])


def _fit(image: Tensor, sides: tuple[int, ...]) -> Tensor:
    """Cut or fill up with 0 at both ends; negative padding cuts."""
    around = []
    for there, side in zip(reversed(image.shape[1:]), reversed(sides), strict=True):
        before = (side - there) // 2
        around += [before, side - there - before]
    return functional.pad(image, around)


METHOD = KidneySide
