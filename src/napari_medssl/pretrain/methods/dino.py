"""DINO: from small views a student tells what its teacher says of large ones.

References
----------
Caron 2021 (DINO); compared in Singh and Cirrone (MedSASS), table 1.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from napari_medssl.models.networks.medsass_vit_s import TRANSFORMER, ViTSUNet
from napari_medssl.pretrain.heads.projections import ByBatch, DistillationHead, pooled
from napari_medssl.pretrain.images.samples import random_region
from napari_medssl.pretrain.learning.schedules import teacher_temperature
from napari_medssl.pretrain.losses.dino import dino
from napari_medssl.pretrain.losses.distillation import moved_centre
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.teacher import Answers, Seer
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.views.by_method import view, view_plans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan

#: of the run; the paper warms up for 30 of its 100 to 800 epochs
_WARM_UP = 0.3
#: of the highest entropy: no answer at all; and so few answers for all images
_NO_ANSWER, _FEW_ANSWERS = 0.99, 1.5
_LARGE = 2
#: sides of small views over those of large ones; of a transformer the paper's 96 of 224 pixels
_SMALL, _SMALL_OF_TRANSFORMER = Fraction(1, 2), Fraction(96, 224)


class Dino(Method):
    """See the module.

    A batch has ``large``, (batch, 2, channels, *crop), and ``small``, (batch, n, channels, *half).
    """

    centre: Tensor

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self._classes = self.setting("classes")
        channels, part = network.deepest_channels, _SMALL
        if isinstance(network, ViTSUNet):
            self.parts = TRANSFORMER
            channels, part = network.dim, _SMALL_OF_TRANSFORMER
        head = DistillationHead(channels, self._classes, hidden=self.setting("hidden"))
        self.norm = ByBatch(channels) if self.setting("norms") else nn.Identity()
        self.student = Seer(network, head)
        self.teacher = self.student.teacher()
        self.register_buffer("centre", torch.zeros(self._classes))
        self._told: list[Tensor] = []
        self._last: Answers | None = None
        self._small = network.sides_for([math.ceil(part * side) for side in plan.crop])

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and make two large views of it and some small ones."""
        region = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        views = "dino-gentle" if self.setting("views") == "gentle" else "dino"
        plans = view_plans(views, mirror=self.setting("mirror"))
        upright = self.plan.upright
        large = [view(region, plan, random, self.plan.crop, upright) for plan in plans[:_LARGE]]
        small = [
            view(region, plans[-1], random, self._small, upright)
            for _ in range(self.setting("small"))
        ]
        return {"large": torch.stack(large), "small": torch.stack(small)}

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the cross-entropy between answers to different views."""
        large, small = (batch[name].transpose(0, 1) for name in ("large", "small"))
        told = [self._say(self.student, self._see(self.student, views)) for views in (large, small)]
        with torch.no_grad():
            seen = self._see(self.teacher.eval(), large)
            teacher = self._say(self.teacher, seen)
        warmth = self._warmth(step)
        loss = dino(torch.cat(told), teacher, centre=self.centre, teacher_temperature=warmth)
        self._last = Answers(seen, teacher, told[0].detach())
        self._told.append(teacher.float().mean((0, 1)))
        return {"distillation": loss}

    def before_step(self, step: int) -> None:
        """Hold the last layer in the first steps."""
        if step < self.setting("hold") * self.plan.steps:
            self.student.head.hold_last()  # type: ignore[operator]

    def after_step(self, step: int) -> None:
        """Move the teacher and the centre."""
        self.student.lead(self.teacher, self.plan, step)
        self.centre.copy_(moved_centre(self.centre, self.team.rows(torch.stack(self._told))))
        self._told.clear()

    def watch(self) -> dict[str, float]:
        """Return how unlike the images of this process's share are, and what is said of them."""
        if self._last is None:
            return {}
        return self._last.figures(self.centre, self._warmth(self.plan.steps))

    def collapsed(self) -> str:
        """Say that the teacher answers the same to everything."""
        told = self.watch()
        if not told:
            return ""
        if told["teacher_entropy"] < _NO_ANSWER and told["answers_in_use"] > _FEW_ANSWERS:
            return ""
        return (
            f"The teacher answers everything alike (entropy {told['teacher_entropy']:.2f} of 1, "
            f"{told['answers_in_use']:.1f} answers in use): what is learned from here on may be "
            "worth nothing."
        )

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return the large views, and a small one."""
        large, small = batch["large"][0], batch["small"][0]
        shown = {"large view": large[0], "other large view": large[1], "small view": small[0]}
        return {title: middle_of(image) for title, image in shown.items()}

    def _warmth(self, step: int) -> float:
        warm_up = int(_WARM_UP * self.plan.steps)
        return teacher_temperature(step, warm_up, end=self.setting("warmest"))

    def _see(self, seer: Seer, views: Tensor) -> Tensor:
        """Return a vector of each view, (views, batch, dim), of (views, batch, channels, *sides).

        It is a transformer's class token, or the mean of another encoder's deepest map.
        """
        images, network = views.flatten(0, 1), seer.network
        if isinstance(network, ViTSUNet):
            vectors, _ = network.look(network.embed(images))
        else:
            vectors = pooled(seer.encode(images).deepest)
        return vectors.reshape(*views.shape[:2], -1)

    def _say(self, seer: Seer, vectors: Tensor) -> Tensor:
        """Return logits, (views, batch, classes), of vectors."""
        logits: Tensor = seer.head(self.norm(vectors))
        return logits


METHOD = Dino
