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
from napari_medssl.finetune.volumes.optimiser import optimiser_for
from napari_medssl.finetune.volumes.protocols import protocol
from napari_medssl.finetune.volumes.rates import Rates
from napari_medssl.models.draws import draws
from napari_medssl.models.networks.network import Features
from napari_medssl.models.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        learns = self._protocol.learns
        for _, parameter in network.encoder_parameters(plan.known_parts):
            parameter.requires_grad_(learns == "everything")
        for _, parameter in network.decoder_parameters(plan.known_parts):
            parameter.requires_grad_(learns != "nothing")
        redraws = self._protocol.reconstruction > 0
        self._alone = _Logits(network, checkpointing=plan.checkpointing, redraws=redraws)
        if plan.compiled:
            self._alone.compile()
        self._logits = self._together(self._alone)
        self.optimiser, self.rates = optimiser_for(network, plan), Rates(plan)
        self._average = {name: t.detach().clone() for name, t in self._tensors()}

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(next(self.network.parameters()).device)

    @property
    def state(self) -> dict[str, Tensor]:
        """Weights, their average and what the rate waits for, by name; the live tensors."""
        now = {f"network.{name}": tensor for name, tensor in self._tensors()}
        average = {f"average.{name}": tensor for name, tensor in self._average.items()}
        return now | average | self.rates.state

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
        if self._protocol.learns == "nothing":
            return self.loss_of(batch, step)
        self.network.train()
        if self._protocol.learns == "decoder":  # what the encoder's norms counted stays too
            for part in self._plan.known_parts or self.network.encoder_parts:
                self.network.get_submodule(part).eval()
        own = draws(self._plan.seed, "dropout", step, self._team.rank)
        torch.manual_seed(int(own.integers(2**31)))
        loss = self._loss(self._logits, batch, step, self._team.total)
        if not bool(loss.isfinite()):
            raise MedSSLError(
                f"the loss is no longer a number at step {step}, so learning was stopped",
                do="Learn again with a lower step length",
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rates.at(step) * group["scale"]
        self.optimiser.step()
        self._follow(step)
        self.rates.told(lost := float(loss.detach()))
        return lost

    @torch.no_grad()
    def loss_of(self, batch: Batch, step: int) -> float:
        """Return the loss of crops that nothing is learned from, as weighed at a step."""
        self.network.eval()
        return float(self._loss(self._alone, batch, step, lambda sums: sums))

    def watch(self, done: int, measure: Callable[[], float | None] = lambda: None) -> bool:
        """After some steps, lower the rate if that is due; the first of the team decides.

        Parameters
        ----------
        done : int
            How many steps.
        measure : callable
            Returns the loss of held-out crops, None of none; asked only where it is looked at.
        """
        if not self.rates.looks_after(done):
            return False
        flat = self._team.rank == 0 and self.rates.is_flat(measure())
        lower = self._team.agreed(flat)
        if lower:
            self.rates.lower()
        return lower

    @contextmanager
    def averaged(self) -> Iterator[SegmentationNetwork]:
        """Give a copy of the network with the averaged weights, in evaluation mode.

        A copy, as looking lays weights out anew in memory: sums would no longer come out bit by
        bit as in a run that was resumed since, nor fit together with those of other processes.
        """
        worn = copy.deepcopy(self.network)
        worn.load_state_dict(self._average)
        yield worn.eval()

    def _loss(
        self, logits_of: nn.Module, batch: Batch, step: int, total: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return what the protocol says of a batch; the sums of a team through ``total``."""
        wanted = self._protocol
        with self._precision():
            image = _channels_last(batch.image) if self._plan.channels_last else batch.image
            logits, redrawn = logits_of(image)
        loss = dice_and_entropy(
            logits,
            batch.classes,
            batch.weight,
            total,
            parts=wanted.parts_at(step, self._plan.steps),
            balanced=wanted.balanced,
            form=wanted.dice,
        )
        if redrawn is None:
            return loss
        error = redrawing_error(redrawn, batch.image, total)
        return (1 - wanted.reconstruction) * loss + wanted.reconstruction * error

    def _together(self, logits: _Logits) -> nn.Module:
        """Have gradients averaged over the team."""
        if self._team.size == 1 or self._protocol.learns == "nothing":
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
