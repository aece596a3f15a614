from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from napari_medssl.models.networks.network import build_network


def _slow(state: dict[str, torch.Tensor], image: torch.Tensor, levels: int) -> torch.Tensor:
    """The network written out, from its tensors alone, in evaluation mode."""
    dims = image.dim() - 2
    convolve = functional.conv2d if dims == 2 else functional.conv3d
    pool = functional.max_pool2d if dims == 2 else functional.max_pool3d
    rise = functional.conv_transpose2d if dims == 2 else functional.conv_transpose3d

    def block(x: torch.Tensor, name: str) -> torch.Tensor:
        for n in range(2):
            x = convolve(x, state[f"{name}.{n}.0.weight"], padding=1)
            norm = [
                state[f"{name}.{n}.1.{part}"].reshape(-1, *[1] * dims)
                for part in ("running_mean", "running_var", "weight", "bias")
            ]
            x = (x - norm[0]) / (norm[1] + 1e-5).sqrt() * norm[2] + norm[3]
            x = x.clamp(min=0)
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
    network = build_network("unet_literal", dimensions=dims, classes=4, widths=(3, 5, 7))
    image = torch.randn(2, 1, *[16] * dims)
    with torch.no_grad():
        network(image)  # gives the batch norms something to remember
        expected = _slow(network.state_dict(), image, 3)
        torch.testing.assert_close(network.eval()(image), expected)


@pytest.mark.parametrize("dims", [2, 3])
def test_its_widths_as_specified(dims):
    with torch.device("meta"):
        network = build_network("unet_literal", dimensions=dims)
        features = network.encode(torch.empty(1, 1, *[96] * dims))
    maps = (*features.skips, features.deepest)
    assert [tuple(m.shape[1:3]) for m in maps] == [(32, 96), (64, 48), (128, 24), (256, 12)]
