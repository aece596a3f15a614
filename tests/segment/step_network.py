"""A network for tests that knows the answer: class n from the n-th threshold on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from napari_medssl.models.networks.network import Features, SegmentationNetwork
from napari_medssl.models.trained import OutputClass, TrainedCard


class StepNetwork(SegmentationNetwork):
    """Logits of class n are highest where an image's mean channel is nearest to n."""

    encoder_parts = ()

    def __init__(self, dimensions: int = 3, in_channels: int = 1, classes: int = 3) -> None:
        super().__init__(
            dimensions=dimensions,
            in_channels=in_channels,
            classes=classes,
            multiple=4,
            deepest_channels=1,
        )
        self.looks = 0
        self.seen: set[tuple[int, ...]] = set()

    def __deepcopy__(self, memo: object) -> StepNetwork:
        return self  # so that it counts its work wherever it is done

    def encode(self, image: Tensor) -> Features:
        if not image.is_meta:
            self.looks += len(image)
            self.seen.add(tuple(image.shape))
        return Features((), image.mean(1, keepdim=True))

    def decode(self, image: Tensor, features: Features) -> Tensor:
        steps = torch.arange(self.classes, device=image.device)
        steps = steps.reshape(1, -1, *[1] * self.dimensions)
        return -20 * (features.deepest - steps) ** 2


def card_for(network: StepNetwork, **given: Any) -> TrainedCard:
    """Values 5, 6, ... so that an output's number is never taken for its label."""
    told = {
        "name": "steps",
        "title": "Steps",
        "network": "unet",
        "dimensions": network.dimensions,
        "in_channels": network.in_channels,
        "classes": tuple(OutputClass(4 + n, f"step {n}") for n in range(1, network.classes)),
        "patch": (8,) * network.dimensions,
        "steps": (),
    }
    return TrainedCard(**{**told, **given})
