"""DINO: from small views a student tells what its teacher says of large ones.

References
----------
Caron 2021 (DINO); compared in Singh and Cirrone (MedSASS), table 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn

from napari_medssl.pretrain.allowed import within
from napari_medssl.pretrain.collapse import answers_in_use, teacher_entropy
from napari_medssl.pretrain.heads import ByBatch, DistillationHead, pooled
from napari_medssl.pretrain.losses.dino import dino
from napari_medssl.pretrain.losses.distillation import moved_centre
from napari_medssl.pretrain.method import Method
from napari_medssl.pretrain.methods.teacher import Seer
from napari_medssl.pretrain.methods.two_views import middle_of
from napari_medssl.pretrain.samples import random_region
from napari_medssl.pretrain.schedules import COLDEST, teacher_temperature
from napari_medssl.pretrain.views import VIEWS, view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.images import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan

#: of the run; the paper warms up for 30 of its 100 to 800 epochs
_WARM_UP = 0.3
#: of the highest entropy: no answer at all; and so few answers for all images
_NO_ANSWER, _FEW_ANSWERS = 0.99, 1.5
_LARGE = 2


class Dino(Method):
    """See the module.

    A batch has ``large``, (batch, 2, channels, *crop), and ``small``, (batch, n, channels, *half).
    Settings: ``classes`` of the head, ``hidden`` its width, ``small`` views, ``momentum`` of the
    teacher at the start, ``hold`` the last layer for this part of the run, ``warmest``: the
    teacher's temperature in the end, ``norms`` by the batch before the head.
    """

    settings: ClassVar = {
        "classes": 4096,
        "hidden": 2048,
        "small": 6,
        "momentum": 0.996,
        "hold": 0.01,
        "warmest": 0.07,
        "norms": False,
    }

    centre: Tensor

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__(network, plan)
        self._classes = self.setting("classes")
        self._warmest = within("warmest", self.setting("warmest"), COLDEST)
        channels = network.deepest_channels
        head = DistillationHead(channels, self._classes, hidden=self.setting("hidden"))
        self.norm = ByBatch(channels) if self.setting("norms") else nn.Identity()
        self.student = Seer(network, head)
        self.teacher = self.student.teacher()
        self.register_buffer("centre", torch.zeros(self._classes))
        self._told: list[Tensor] = []
        self._answers: Tensor | None = None
        multiple, least = network.multiple, network.smallest
        self._small = tuple(
            max(least, math.ceil(side / 2 / multiple) * multiple) for side in plan.crop
        )

    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Cut a crop anywhere, and make two large views of it and some small ones."""
        region = torch.from_numpy(random_region(images[index], self.plan.crop, self.plan, random))
        plans = VIEWS["dino"]
        large = [view(region, plan, random, self.plan.crop) for plan in plans[:_LARGE]]
        small = [view(region, plans[-1], random, self._small) for _ in range(self.setting("small"))]
        return {"large": torch.stack(large), "small": torch.stack(small)}

    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the cross-entropy between answers to different views."""
        large, small = (batch[name].transpose(0, 1) for name in ("large", "small"))
        student = torch.cat([self._say(self.student, large), self._say(self.student, small)])
        with torch.no_grad():
            teacher = self._say(self.teacher.eval(), large)
        loss = dino(student, teacher, centre=self.centre, teacher_temperature=self._warmth(step))
        self._answers = teacher.float().flatten(0, 1)
        self._told.append(self._answers.mean(0))
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
        """Return entropy and number of the teacher's answers to this process's share."""
        if self._answers is None:
            return {}
        warmth = self._warmth(self.plan.steps)
        return {
            "teacher entropy": teacher_entropy(self._answers, self.centre, warmth),
            "answers in use": answers_in_use(self._answers, self.centre, warmth),
        }

    def collapsed(self) -> str:
        """Say that the teacher answers the same to everything."""
        told = self.watch()
        if not told:
            return ""
        if told["teacher entropy"] < _NO_ANSWER and told["answers in use"] > _FEW_ANSWERS:
            return ""
        return (
            f"The teacher answers everything alike (entropy {told['teacher entropy']:.2f} of 1, "
            f"{told['answers in use']:.1f} answers in use): what is learned from here on may be "
            "worth nothing."
        )

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return the large views, and a small one."""
        large, small = batch["large"][0], batch["small"][0]
        shown = {"large view": large[0], "other large view": large[1], "small view": small[0]}
        return {title: middle_of(image) for title, image in shown.items()}

    def _warmth(self, step: int) -> float:
        warm_up = int(_WARM_UP * self.plan.steps)
        return teacher_temperature(step, warm_up, end=self._warmest)

    def _say(self, seer: Seer, views: Tensor) -> Tensor:
        """Return logits, (views, batch, classes), of (views, batch, channels, *sides)."""
        vectors = self.norm(pooled(seer.encode(views.flatten(0, 1)).deepest))
        logits: Tensor = seer.head(vectors).unflatten(0, views.shape[:2])
        return logits


METHOD = Dino
