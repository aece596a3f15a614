"""A network that learns: its weights, their running average, and one step along the gradient."""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from napari_medssl.errors import MedSSLError
from napari_medssl.finetune.volumes.loss import dice_and_entropy, redrawing_error
from napari_medssl.finetune.volumes.protocols import protocol
from napari_medssl.models.draws import draws
from napari_medssl.models.networks.network import Features
from napari_medssl.models.team import Team

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from napari_medssl.finetune.volumes.crops import Batch
    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.models.networks.network import SegmentationNetwork

_LONGEST = 12.0
_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


class Learner:
    """What changes in a run; everything else is a function of the step.

    Parameters
    ----------
    network : SegmentationNetwork
        On its device; its weights are changed.
    plan : VolumePlan
        How it learns.
    team : Team, optional
        Whom it learns with: all begin with the weights of the first one, and stay alike.
    """

    def __init__(
        self, network: SegmentationNetwork, plan: VolumePlan, team: Team | None = None
    ) -> None:
        if plan.channels_last:
            for weight in network.parameters():
                weight.data = _channels_last(weight.data)
        self.network, self._plan, self._team = network, plan, team or Team()
        self._protocol = protocol(plan.protocol)
        redraws = self._protocol.reconstruction > 0
        logits = _Logits(network, checkpointing=plan.checkpointing, redraws=redraws)
        if plan.compiled:
            logits.compile()
        self._logits = self._together(logits)
        encoder = [p for _, p in network.encoder_parameters()]
        for parameter in encoder:
            parameter.requires_grad_(not self._protocol.frozen_encoder)
        decoder = [p for _, p in network.decoder_parameters()]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": encoder, "scale": plan.encoder_rate},
                {"params": decoder, "scale": 1.0},
            ],
            weight_decay=plan.decay,
        )
        self._average = {name: t.detach().clone() for name, t in self._tensors()}

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(next(self.network.parameters()).device)

    @property
    def state(self) -> dict[str, Tensor]:
        """Weights and their average by name, the live tensors."""
        now = {f"network.{name}": tensor for name, tensor in self._tensors()}
        return now | {f"average.{name}": tensor for name, tensor in self._average.items()}

    def average(self) -> dict[str, Tensor]:
        """Return a copy of the averaged weights, by the network's own names."""
        return {name: tensor.clone() for name, tensor in self._average.items()}

    def step(self, batch: Batch, step: int) -> float:
        """Learn from a batch, or from this process's share of it; return the loss of the whole.

        Raises
        ------
        MedSSLError
            If the loss is not a number.
        """
        plan, wanted = self._plan, self._protocol
        self.network.train()
        if wanted.frozen_encoder:  # what its norms counted stays too
            for part in self.network.encoder_parts:
                self.network.get_submodule(part).eval()
        own = draws(plan.seed, "dropout", step, self._team.rank)
        torch.manual_seed(int(own.integers(2**31)))
        with self._precision():
            image = _channels_last(batch.image) if plan.channels_last else batch.image
            logits, redrawn = self._logits(image)
        loss = dice_and_entropy(
            logits,
            batch.classes,
            batch.weight,
            self._team.total,
            parts=wanted.parts_at(step, plan.steps),
            balanced=wanted.balanced,
        )
        if redrawn is not None:
            error = redrawing_error(redrawn, batch.image, self._team.total)
            loss = (1 - wanted.reconstruction) * loss + wanted.reconstruction * error
        if not bool(loss.isfinite()):
            raise MedSSLError(
                f"the loss is no longer a number at step {step}, so learning was stopped",
                do="Learn again with a lower step length",
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST)
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate_at(step) * group["scale"]
        self.optimiser.step()
        self._follow(step)
        return float(loss.detach())

    @contextmanager
    def averaged(self) -> Iterator[SegmentationNetwork]:
        """Give a copy of the network with the averaged weights, in evaluation mode.

        A copy, as looking lays weights out anew in memory: sums would no longer come out bit by
        bit as in a run that was resumed since, nor fit together with those of other processes.
        """
        worn = copy.deepcopy(self.network)
        worn.load_state_dict(self._average)
        yield worn.eval()

    def _together(self, logits: _Logits) -> nn.Module:
        """Have gradients averaged over the team."""
        if self._team.size == 1:
            return logits
        unused = bool(self.network.auxiliary_parts)
        return DistributedDataParallel(logits, find_unused_parameters=unused)

    def _precision(self) -> AbstractContextManager[object]:
        if self._plan.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.partition(":")[0], torch.bfloat16)

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        keep = min(self._plan.average, (1 + step) / (10 + step))
        for name, tensor in self._tensors():
            if tensor.is_floating_point():
                self._average[name].lerp_(tensor.detach(), 1 - keep)
            else:
                self._average[name].copy_(tensor)

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.network.state_dict(keep_vars=True).items()


def _channels_last(tensor: Tensor) -> Tensor:
    """Lay channels beside each other, of weights and of images of convolutions."""
    layout = _CHANNELS_LAST.get(tensor.dim())
    return tensor if layout is None else tensor.contiguous(memory_format=layout)


class _Logits(nn.Module):
    """From an image to logits, and to the image drawn again where that is learned from.

    To save memory, activations are computed twice.
    """

    def __init__(self, network: SegmentationNetwork, *, checkpointing: bool, redraws: bool) -> None:
        super().__init__()
        self.network, self._checkpointing, self._redraws = network, checkpointing, redraws

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor | None]:
        network: Any = self.network  # of those that draw the image, one more method is called
        network.require_sides(tuple(image.shape[2:]))
        if self._checkpointing:
            *skips, deepest = checkpoint(_flat_encode, network, image, use_reentrant=False)
            logits = checkpoint(_flat_decode, network, image, *skips, deepest, use_reentrant=False)
            features = Features(tuple(skips), deepest)
        else:
            features = network.encode(image)
            logits = network.decode(image, features)
        return logits, network.reconstruct(features) if self._redraws else None


def _flat_encode(network: SegmentationNetwork, image: Tensor) -> tuple[Tensor, ...]:
    features = network.encode(image)
    return (*features.skips, features.deepest)


def _flat_decode(network: SegmentationNetwork, image: Tensor, *maps: Tensor) -> Tensor:
    return network.decode(image, Features(maps[:-1], maps[-1]))
