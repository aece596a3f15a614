from __future__ import annotations

import pytest
import torch
from written_unet import State, tensors, written_unet

from napari_medssl.models.networks.network import build_network


def _norm(x: torch.Tensor, state: State, name: str) -> torch.Tensor:
    """Instance norm, and leaky ReLU."""
    over = tuple(range(2, x.dim()))
    mean, var = x.mean(over, keepdim=True), x.var(over, unbiased=False, keepdim=True)
    weight, bias = tensors(state, name, x, "weight", "bias")
    x = (x - mean) / (var + 1e-5).sqrt() * weight + bias
    return torch.where(x > 0, x, 0.01 * x)


@pytest.mark.parametrize("dims", [2, 3])
def test_equals_the_network_written_out(dims):
    torch.manual_seed(0)
    network = build_network("unet_small", dimensions=dims, classes=4, widths=(3, 5, 7))
    image = torch.randn(2, 1, *[16] * dims)
    with torch.no_grad():
        torch.testing.assert_close(
            network(image), written_unet(network.state_dict(), image, 3, _norm)
        )


def test_a_batch_of_one_is_seen_as_one_of_two():
    """No norm over the batch: what learning from single crops needs."""
    network = build_network("unet_small", dimensions=3, widths=(3, 5)).train()
    images = torch.randn(2, 1, 8, 8, 8)
    torch.testing.assert_close(network(images)[:1], network(images[:1]))
