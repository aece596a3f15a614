from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from napari_medssl.models.networks.network import build_network


def _slow(state: dict[str, torch.Tensor], image: torch.Tensor, levels: int) -> torch.Tensor:
    """The network written out, from its tensors alone."""
    dims = image.dim() - 2
    convolve = functional.conv2d if dims == 2 else functional.conv3d
    pool = functional.max_pool2d if dims == 2 else functional.max_pool3d
    rise = functional.conv_transpose2d if dims == 2 else functional.conv_transpose3d
    over, ones = tuple(range(2, 2 + dims)), [1] * dims

    def block(x: torch.Tensor, name: str) -> torch.Tensor:
        for n in range(2):
            x = convolve(x, state[f"{name}.{n}.0.weight"], padding=1)
            mean, var = x.mean(over, keepdim=True), x.var(over, unbiased=False, keepdim=True)
            weight, bias = (
                state[f"{name}.{n}.1.{part}"].reshape(-1, *ones) for part in ("weight", "bias")
            )
            x = (x - mean) / (var + 1e-5).sqrt() * weight + bias
            x = torch.where(x > 0, x, 0.01 * x)
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


@pytest.mark.parametrize("dims", [2, 3])
def test_equals_the_network_written_out(dims):
    torch.manual_seed(0)
    network = build_network("unet_small", dimensions=dims, classes=4, widths=(3, 5, 7))
    image = torch.randn(2, 1, *[16] * dims)
    with torch.no_grad():
        torch.testing.assert_close(network(image), _slow(network.state_dict(), image, 3))


def test_a_batch_of_one_is_seen_as_one_of_two():
    """No norm over the batch: what learning from single crops needs."""
    network = build_network("unet_small", dimensions=3, widths=(3, 5)).train()
    images = torch.randn(2, 1, 8, 8, 8)
    torch.testing.assert_close(network(images)[:1], network(images[:1]))
