"""What every method of pre-training is: samples from an image, losses from a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from napari_medssl.models.networks.network import build_network
from napari_medssl.models.team import Team
from napari_medssl.pretrain.cards import method_card
from napari_medssl.pretrain.learning.shared_norms import share_norms
from napari_medssl.pretrain.settings.declared import taken
from napari_medssl.pretrain.settings.of_methods import declared_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.trained import Holds
    from napari_medssl.pretrain.cards import MethodCard
    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.plan import PretrainPlan


class Method(nn.Module, ABC):
    """A network, with what a method puts on it while it learns.

    Everything that a run must remember is a parameter or a buffer: heads, teachers, centres,
    queues. Chance comes from generators that are handed in; `losses` may use torch's own, which
    the recipe seeds at each step. `sample` may not: it runs beside the network, in a thread.

    Parameters
    ----------
    network : SegmentationNetwork
        Whose encoder learns; with its decoder where `parts` says so.
    plan : PretrainPlan
        How.

    Raises
    ------
    UsageError
        If a setting of the plan is none of the method's in `method_settings`, or not as it may be.
    """

    alike: Tensor
    #: beginnings of the names of the network's tensors that learn; none: the encoder's
    parts: tuple[str, ...] = ()

    def __init__(self, network: SegmentationNetwork, plan: PretrainPlan) -> None:
        super().__init__()
        self.network, self.plan, self.team = network, plan, Team()
        title = method_card(plan.method).title
        self._settings = taken(plan.settings, declared_settings(plan.method), title)
        #: how often in a row all came out alike; see `recipe`
        self.register_buffer("alike", torch.zeros((), dtype=torch.int64))

    def setting(self, name: str) -> Any:
        """Return one of the method's settings, as given or by itself."""
        return self._settings[name]

    @property
    def holds(self) -> Holds:
        """Return what is handed on to fine-tuning."""
        alone = set(self.parts) <= set(self.network.encoder_parts)
        return "encoder" if alone else "encoder and decoder"

    @property
    def handed_on(self) -> tuple[str, ...]:
        """Names of the encoder's children that learned, where not all did; empty where all did."""
        return self.parts if set(self.parts) < set(self.network.encoder_parts) else ()

    def together(self, team: Team) -> None:
        """Learn with other processes: a batch is what all of them have a share of.

        Norms see all of it. A loss that compares images, or is no mean over them, asks
        ``self.team`` for the others' rows or sums.
        """
        self.team = team
        if team.size > 1:
            share_norms(self, team)

    def refuses(self, image: PreparedImage) -> str:
        """Say in a sentence why an image cannot be learned from; empty where it can."""
        del image
        return ""

    def decided(self, images: Sequence[PreparedImage]) -> str:
        """Say in a sentence what it chose for each image by itself; empty where it chose nothing.

        Parameters
        ----------
        images : sequence of PreparedImage
            All that are learned from.
        """
        del images
        return ""

    @abstractmethod
    def sample(
        self, images: Sequence[PreparedImage], index: int, random: np.random.Generator
    ) -> dict[str, Tensor]:
        """Return what is learned from one image: crops, views, masks, by name.

        Tensors of a name have the same shape whatever is drawn; they are stacked to a batch.
        """

    @abstractmethod
    def losses(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return the parts of the loss by name, weighted: their sum is what is learned from."""

    def forward(self, batch: Mapping[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return `losses`: what several processes share goes through here."""
        return self.losses(batch, step)

    def before_step(self, step: int) -> None:
        """Change gradients before the weights move."""

    def after_step(self, step: int) -> None:
        """Move teachers and centres after the weights moved."""

    def watch(self) -> dict[str, float]:
        """Return figures of the last batch that tell how it learns; see `collapse`."""
        return {}

    def collapsed(self) -> str:
        """Say in a sentence that the last batch came out alike; empty while it did not."""
        return ""

    def picture(self, batch: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
        """Return pictures of the first image of a batch: title -> (rows, columns), 0 to 1."""
        del batch
        return {}

    def remembered(self) -> dict[str, Tensor]:
        """Return all that a run must keep to go on, each tensor once, whoever shares it."""
        return {**dict(self.named_parameters()), **dict(self.named_buffers())}

    def learners(self) -> list[dict[str, Any]]:
        """Return the optimiser's groups; ``scale`` multiplies the rate, ``decay`` the decay.

        Biases and the weights of norms do not decay.
        """
        learned = [p for p in self.parameters() if p.requires_grad]
        return [
            {"params": [p for p in learned if p.ndim > 1], "scale": 1.0, "decay": 1.0},
            {"params": [p for p in learned if p.ndim <= 1], "scale": 1.0, "decay": 0.0},
        ]

    def freeze_the_rest(self) -> None:
        """Let only the encoder learn, or the parts that the method names."""
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(self._learns(name))

    def _learns(self, name: str) -> bool:
        parts = self.parts or self.network.encoder_parts
        return any(not part or f"{name}.".startswith(f"{part}.") for part in parts)


def method_for(plan: PretrainPlan, device: str) -> Method:
    """Build a plan's network and method, their weights by the plan's seed."""
    torch.manual_seed(plan.seed)
    network = network_for(plan)
    network.require_sides(plan.crop)
    return build_method(network, plan).to(device)


def network_for(plan: PretrainPlan) -> SegmentationNetwork:
    """Build a plan's network, its last layer as the method wants it."""
    return build_network(
        plan.network,
        dimensions=plan.dimensions,
        in_channels=plan.in_channels,
        classes=method_card(plan.method).outputs or plan.in_channels,
        **plan.arguments,
    )


def build_method(network: SegmentationNetwork, plan: PretrainPlan) -> Method:
    """Build a method on a network, its heads random from torch's own generator.

    Raises
    ------
    UsageError
        If it makes no sense for the network, or its settings are not as its file says.
    """
    card = method_card(plan.method)
    card.require_network(plan.network, plan.dimensions)
    return _class_of(card)(network, plan)


def _class_of(card: MethodCard) -> type[Method]:
    module = import_module(f"napari_medssl.pretrain.methods.{card.module}")
    found: type[Method] = module.METHOD
    return found
