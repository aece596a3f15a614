"""A plain U-Net written out from its tensors alone: slow, and of no module of ours."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

State = dict[str, torch.Tensor]
#: what stands between two convolutions: the map, the tensors, and the norm's name in them
Norm = Callable[[torch.Tensor, State, str], torch.Tensor]


def written_unet(state: State, image: torch.Tensor, levels: int, norm: Norm) -> torch.Tensor:
    dims = image.dim() - 2
    convolve = functional.conv2d if dims == 2 else functional.conv3d
    pool = functional.max_pool2d if dims == 2 else functional.max_pool3d
    rise = functional.conv_transpose2d if dims == 2 else functional.conv_transpose3d

    def block(x: torch.Tensor, name: str) -> torch.Tensor:
        for n in range(2):
            x = convolve(x, state[f"{name}.{n}.0.weight"], padding=1)
            x = norm(x, state, f"{name}.{n}.1")
        return x

    maps = [block(image, "levels.0")]
    for n in range(1, levels):
        maps.append(block(pool(maps[-1], 2), f"levels.{n}"))
    x = maps.pop()
    for n in range(levels - 1):
        at = f"rises.{n}"
        x = rise(x, state[f"{at}.upsample.weight"], state[f"{at}.upsample.bias"], stride=2)
        x = block(torch.cat([maps.pop(), x], 1), f"{at}.block")
    return convolve(x, state["head.weight"], state["head.bias"])


def tensors(state: State, name: str, like: torch.Tensor, *parts: str) -> list[torch.Tensor]:
    """Of a norm, one number a channel, shaped to fit a map."""
    ones = [1] * (like.dim() - 2)
    return [state[f"{name}.{part}"].reshape(-1, *ones) for part in parts]
