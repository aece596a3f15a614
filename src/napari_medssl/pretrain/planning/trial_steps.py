"""How many steps a machine takes in the time: a few are taken for trial, and timed."""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from napari_medssl.errors import OutOfMemoryError
from napari_medssl.models.memory import ran_out
from napari_medssl.pretrain.cards import method_card
from napari_medssl.pretrain.learning.learner import Learner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.method import Method
    from napari_medssl.pretrain.plan import PretrainPlan

_TRIALS = 3
_LEARNING = 0.9
_FEWEST, _MOST = 50, 200_000


def probed(
    method: Method,
    images: Sequence[PreparedImage],
    *,
    minutes: float | None,
    rising: float | None = None,
) -> PretrainPlan:
    """Return a plan that fits the memory, with as many steps as the time allows.

    Parameters
    ----------
    method : Method
        On its device; it is not changed.
    images : sequence of PreparedImage
        To take samples from.
    minutes : float or None
        How long learning may take; None keeps the plan's steps.
    rising : float, optional
        Part of these steps in which the rate rises; None keeps the plan's steps of that.

    Raises
    ------
    OutOfMemoryError
        If not even one image at a time fits.
    """
    plan = method.plan
    while True:
        try:
            seconds = _seconds_a_step(method, images, plan)
            break
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
            plan = _smaller(plan)
    if minutes is None:
        return plan
    steps = max(_FEWEST, min(_MOST, int(minutes * 60 * _LEARNING / seconds)))
    words = f"A step takes {seconds:.2g} s here: {steps:,} steps in {minutes:g} minutes."
    warm_up = min(plan.warm_up if rising is None else round(rising * steps), steps // 2)
    return replace(plan, steps=steps, warm_up=warm_up, reasons=(*plan.reasons, words))


def _smaller(plan: PretrainPlan) -> PretrainPlan:
    """Let fewer images go through the network at once."""
    part, least = plan.batch // plan.accumulate, method_card(plan.method).least_batch
    most = plan.batch // least
    parts = next((n for n in range(plan.accumulate + 1, most + 1) if not plan.batch % n), 0)
    if not parts:
        images = "1 image" if part == 1 else f"{part} images"
        raise OutOfMemoryError(
            f"not enough memory to learn, even from {images} at a time",
            do="Close other programs, or choose smaller crops or a smaller network",
        )
    words = f"The memory did not suffice for {part} images at once: now {plan.batch // parts}."
    return replace(plan, accumulate=parts, reasons=(*plan.reasons, words))


def _seconds_a_step(method: Method, images: Sequence[PreparedImage], plan: PretrainPlan) -> float:
    trial = copy.deepcopy(method)
    trial.plan = plan
    took = []
    with Learner(trial, images) as learner:
        for step in range(_TRIALS):
            began = time.perf_counter()
            learner.step(step)
            if learner.device.type == "cuda":
                torch.cuda.synchronize()
            took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2]
