"""What turns gradients into steps: torch's optimisers, and LARS for large batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from napari_medssl.pretrain.method import Method
    from napari_medssl.pretrain.plan import PretrainPlan

_MOMENTUM, _TRUST = 0.9, 1e-3


def optimiser_for(method: Method, plan: PretrainPlan) -> torch.optim.Optimizer:
    """Make a plan's optimiser for all that learns."""
    groups = [{**group, "weight_decay": plan.decay * group["decay"]} for group in method.learners()]
    groups = [group for group in groups if group["params"]]
    if plan.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=plan.rate, betas=_betas(method))
    if plan.optimiser == "adam":
        return torch.optim.Adam(groups, lr=plan.rate, betas=_betas(method))
    if plan.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=plan.rate, momentum=_MOMENTUM)
    return Lars(groups, lr=plan.rate)


def set_rates(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group its share of a step length; one that is held keeps its own."""
    for group in optimiser.param_groups:
        group["lr"] = group.get("held_rate", rate * group["scale"])


def set_decays(optimiser: torch.optim.Optimizer, decay: float) -> None:
    """Give every group its share of a weight decay."""
    for group in optimiser.param_groups:
        group["weight_decay"] = decay * group["decay"]


class Lars(torch.optim.Optimizer):
    """SGD whose steps are as long as a layer's weights allow (You 2017; BYOL, appendix J).

    Parameters
    ----------
    params : groups
        Those with ``weight_decay`` 0, biases and norms, take plain steps.
    lr : float
        Step length.
    """

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move the weights along their gradients."""
        del closure
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                slope = weight.grad + group["weight_decay"] * weight
                if group["weight_decay"]:
                    size, steep = weight.norm(), slope.norm()
                    if size > 0 and steep > 0:
                        slope = slope * (_TRUST * size / steep)
                state = self.state[weight]
                moved = state.get("momentum_buffer")
                moved = slope.clone() if moved is None else moved.mul_(_MOMENTUM).add_(slope)
                state["momentum_buffer"] = moved
                weight.add_(moved, alpha=-group["lr"])


def _betas(method: Method) -> tuple[float, float]:
    first, second = method.setting("betas")
    return first, second
