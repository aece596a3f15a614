"""What this machine can do in the time: a few steps are taken for trial, and timed."""

from __future__ import annotations

import copy
import gc
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from napari_medssl.errors import OutOfMemoryError
from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.learner import Learner
from napari_medssl.finetune.volumes.planning import patch_within
from napari_medssl.models.memory import ran_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.finetune.volumes.prepared import Prepared
    from napari_medssl.models.networks.network import SegmentationNetwork

_TRIALS = 3
_LEARNING = 0.85  # of the time; the rest is for looking at held-out cases and for saving
_FEWEST, _MOST = 50, 20_000
_CHECKS, _LEAST_BETWEEN = 10, 20


def fitting(plan: VolumePlan, network: SegmentationNetwork) -> VolumePlan:
    """Return the plan with crops whose sides the network takes."""
    fits = all(n % network.multiple == 0 and n >= network.smallest for n in plan.patch)
    if fits:
        return plan
    sides = [max(n, network.smallest) for n in plan.patch]
    multiple = network.multiple
    return replace(plan, patch=tuple(-(-n // multiple) * multiple for n in sides))


def probed(
    plan: VolumePlan,
    network: SegmentationNetwork,
    cases: Sequence[Prepared],
    *,
    minutes: float | None,
) -> VolumePlan:
    """Return a plan that fits the memory, with as many steps as the time allows.

    Parameters
    ----------
    plan : VolumePlan
        From `plan_for`.
    network : SegmentationNetwork
        On its device; it is not changed.
    cases : sequence of Prepared
        To cut crops from.
    minutes : float or None
        How long learning may take; None keeps the plan's steps.

    Raises
    ------
    OutOfMemoryError
        If not even the smallest crop fits.
    """
    for trial in _smaller(plan, network):
        try:
            seconds = _seconds_a_step(trial, network, cases)
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
            _free(network)
            continue
        finally:
            network.zero_grad(set_to_none=True)
        if minutes is None:
            return _checked(trial)
        trial, seconds, left = _compiled_if_it_pays(trial, network, cases, seconds, minutes * 60)
        steps = int(left * _LEARNING / seconds)
        steps = max(_FEWEST, min(_MOST, steps))
        words = f"A step takes {seconds:.2g} s here: {steps:,} steps in {minutes:g} minutes."
        return _checked(replace(trial, steps=steps, reasons=(*trial.reasons, words)))
    raise _no_memory()


def _compiled_if_it_pays(
    plan: VolumePlan,
    network: SegmentationNetwork,
    cases: Sequence[Prepared],
    seconds: float,
    time_s: float,
) -> tuple[VolumePlan, float, float]:
    """Compile the network on a GPU if that leaves time for more steps; slow to try elsewhere.

    Returns
    -------
    (VolumePlan, float, float)
        The plan, the seconds of a step, and what is left of the time when compiling is over.
    """
    as_it_is = plan, seconds, time_s
    if not next(network.parameters()).is_cuda:
        return as_it_is
    began = time.perf_counter()
    compiled = replace(plan, compiled=True)
    try:
        quicker = _seconds_a_step(compiled, network, cases)
    except Exception as error:  # noqa: BLE001 - no compiler, or one that cannot: it learns without
        words = f"The network is not compiled: {type(error).__name__}."
        return replace(plan, reasons=(*plan.reasons, words)), seconds, time_s
    finally:
        network.zero_grad(set_to_none=True)
    left = time_s - (time.perf_counter() - began)
    if left / quicker <= time_s / seconds:
        return as_it_is
    words = f"The network is compiled: a step takes {quicker:.2g} s, not {seconds:.2g} s."
    return replace(compiled, reasons=(*plan.reasons, words)), quicker, left


def smaller(plan: VolumePlan, network: SegmentationNetwork) -> VolumePlan:
    """Return the next plan that needs less memory, after one did not fit while it learned.

    Raises
    ------
    OutOfMemoryError
        If there is none.
    """
    _free(network)
    for trial in _smaller(plan, network):
        if (trial.checkpointing, trial.patch) != (plan.checkpointing, plan.patch):
            return trial
    raise _no_memory()


def _no_memory() -> OutOfMemoryError:
    return OutOfMemoryError(
        "not enough memory to learn, even from small crops",
        do="Close other programs, or choose a smaller network",
    )


def _checked(plan: VolumePlan) -> VolumePlan:
    return replace(plan, check_every=max(_LEAST_BETWEEN, plan.steps // _CHECKS))


def _smaller(plan: VolumePlan, network: SegmentationNetwork) -> Iterator[VolumePlan]:
    """Yield the plan, and then ones that need less and less memory."""
    yield plan
    words = "The memory did not suffice, so activations are computed twice instead of being kept."
    plan = replace(plan, checkpointing=True, reasons=(*plan.reasons, words))
    yield plan
    while True:
        half = patch_within(plan.patch, _half(plan.patch), network.multiple)
        half = tuple(max(n, network.smallest) for n in half)
        if half == plan.patch:
            return
        words = f"The memory did not suffice for larger crops than {' x '.join(map(str, half))}."
        plan = replace(plan, patch=half, reasons=(*plan.reasons, words))
        yield plan


def _half(patch: tuple[int, ...]) -> int:
    voxels = 1
    for n in patch:
        voxels *= n
    return voxels // 2


def _seconds_a_step(
    plan: VolumePlan, network: SegmentationNetwork, cases: Sequence[Prepared]
) -> float:
    """Take a few steps with a copy of the network, and return the time of a quick one."""
    learner, crops = Learner(copy.deepcopy(network), plan), Crops(cases, plan)
    took = []
    for step in range(_TRIALS):
        began = time.perf_counter()
        learner.step(crops.at(step).to(learner.device), step)
        if learner.device.startswith("cuda"):
            torch.cuda.synchronize()
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2]


def _free(network: SegmentationNetwork) -> None:
    gc.collect()
    if next(network.parameters()).is_cuda:
        torch.cuda.empty_cache()
