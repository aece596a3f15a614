"""A method that learns: its optimiser, its batches, and one step along the gradient."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from napari_medssl.errors import MedSSLError
from napari_medssl.models.ahead import Ahead
from napari_medssl.models.draws import draws
from napari_medssl.models.team import Team
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.learning.optimisers import optimiser_for, set_decays, set_rates
from napari_medssl.pretrain.learning.plateau import Plateau
from napari_medssl.pretrain.learning.precision import arithmetic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.method import Method


class Learner:
    """What changes in a run; everything else is a function of the step.

    As a context it ends the thread that draws its batches.

    Parameters
    ----------
    method : Method
        On its device; its weights are changed.
    images : sequence of PreparedImage
        To learn from.
    team : Team, optional
        Whom it learns with: all begin with the weights of the first one, and stay alike.
    """

    def __init__(
        self, method: Method, images: Sequence[PreparedImage], team: Team | None = None
    ) -> None:
        self.method, self._team = method, team or Team()
        method.together(self._team)
        method.freeze_the_rest()
        self.optimiser = optimiser_for(method, method.plan)
        self.samples = Samples(images, method)
        self._plateau = self._waiting(len(images))
        self._batches = Ahead(self._share, self._after)
        self._losses = self._shared()

    def __enter__(self) -> Learner:
        return self

    def __exit__(self, *_: object) -> None:
        self._batches.close()

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(self.method.parameters()).device

    def step(self, step: int) -> dict[str, float]:
        """Take one step, or this process's share of it.

        Returns
        -------
        dict of str to float
            The parts of the loss of the whole batch, and their sum as ``loss``.

        Raises
        ------
        MedSSLError
            If the loss is not a number.
        """
        method, plan = self.method, self.method.plan
        method.train()
        self.optimiser.zero_grad(set_to_none=True)
        own = draws(plan.seed, "dropout", step, self._team.rank)
        torch.manual_seed(int(own.integers(2**31)))
        told: dict[str, Tensor] = {}
        for part in range(plan.accumulate):
            last = part == plan.accumulate - 1
            with nullcontext() if last else self._without_sharing():
                for name, value in self._part(step, part).items():
                    told[name] = told.get(name, value.new_zeros(())) + value
        values = self._of_all(told)
        if not torch.isfinite(torch.tensor(values["loss"])):
            raise MedSSLError(
                f"the loss is no longer a number at step {step}, so learning was stopped",
                do="Learn again with a lower step length",
            )
        method.before_step(step)
        learned = [weight for group in self.optimiser.param_groups for weight in group["params"]]
        if plan.clip:
            nn.utils.clip_grad_norm_(learned, plan.clip)
        set_rates(self.optimiser, plan.rate_at(step) * self._factor)
        set_decays(self.optimiser, plan.decay_at(step))
        self.optimiser.step()
        method.after_step(step)
        if self._plateau is not None:
            self._plateau.hear(step, values["loss"])
        return values

    def batch_on_device(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return a batch where the method computes."""
        return {name: t.to(self.device, non_blocking=True) for name, t in batch.items()}

    def _waiting(self, images: int) -> Plateau | None:
        """Make what halves the rate a part of the method, which is what a run remembers."""
        plan = self.method.plan
        if not plan.plateau:
            return None
        plateau = Plateau(plan.plateau, -(-images // plan.batch)).to(self.device)
        self.method.add_module("plateau", plateau)
        return plateau

    @property
    def _factor(self) -> float:
        return 1.0 if self._plateau is None else float(self._plateau.factor)

    def _share(self, step: int, part: int) -> dict[str, Tensor]:
        return self.samples.share(self._team, step, part)

    def _after(self, step: int, part: int) -> tuple[int, int]:
        is_last = part + 1 == self.method.plan.accumulate
        return (step + 1, 0) if is_last else (step, part + 1)

    def _part(self, step: int, part: int) -> dict[str, Tensor]:
        """Add the gradient of a part of the batch; return its share of each part of the loss."""
        plan = self.method.plan
        batch = self.batch_on_device(self._batches.at(step, part))
        with arithmetic(plan.precision, self.device):
            losses = self._losses(batch, step)
        loss = torch.stack(list(losses.values())).sum()
        (loss / plan.accumulate).backward()  # type: ignore[no-untyped-call]
        told = {**losses, "loss": loss}
        return {name: value.detach().float() / plan.accumulate for name, value in told.items()}

    def _of_all(self, told: Mapping[str, Tensor]) -> dict[str, float]:
        """Return the mean over all processes."""
        mean = self._team.total(torch.stack(list(told.values()))) / self._team.size
        return dict(zip(told, mean.tolist(), strict=True))

    def _shared(self) -> nn.Module:
        """Have gradients averaged over the team; in a step some weights may not be asked."""
        if self._team.size == 1:
            return self.method
        return DistributedDataParallel(self.method, find_unused_parameters=True)

    def _without_sharing(self) -> AbstractContextManager[object]:
        shared = self._losses
        return shared.no_sync() if isinstance(shared, DistributedDataParallel) else nullcontext()
