"""Half precision where it saves time, and the whole of it where a loss would lose its meaning."""

from __future__ import annotations

from contextlib import nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from napari_medssl.pretrain.plan import Precision

_Given = ParamSpec("_Given")


def arithmetic(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which a network computes; its weights are of float32 in any case."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def in_float32(compute: Callable[_Given, Tensor]) -> Callable[_Given, Tensor]:
    """Have a function compute in float32 within any context, and get its tensors so.

    bfloat16 keeps three digits: products of whole batches, and answers that are divided by a
    temperature of 0.04, would mostly be rounding.
    """

    @wraps(compute)
    def whole(*given: _Given.args, **named: _Given.kwargs) -> Tensor:
        tensors = [value for value in (*given, *named.values()) if isinstance(value, Tensor)]
        with torch.autocast(tensors[0].device.type, enabled=False):
            return compute(
                *map(_whole, given),
                **{name: _whole(value) for name, value in named.items()},
            )

    return whole


def _whole(value: Any) -> Any:
    half = isinstance(value, Tensor) and value.is_floating_point()
    return value.float() if half else value
