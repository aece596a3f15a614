from __future__ import annotations

import pytest
import torch
from written_unet import State, tensors, written_unet

from napari_medssl.models.networks.network import build_network


def _norm(x: torch.Tensor, state: State, name: str) -> torch.Tensor:
    """Batch norm in evaluation mode, and ReLU."""
    parts = ("running_mean", "running_var", "weight", "bias")
    mean, var, weight, bias = tensors(state, name, x, *parts)
    return ((x - mean) / (var + 1e-5).sqrt() * weight + bias).clamp(min=0)


@pytest.mark.parametrize("dims", [2, 3])
def test_equals_the_network_written_out(dims):
    torch.manual_seed(0)
    network = build_network("unet_literal", dimensions=dims, classes=4, widths=(3, 5, 7))
    image = torch.randn(2, 1, *[16] * dims)
    with torch.no_grad():
        network(image)  # gives the batch norms something to remember
        expected = written_unet(network.state_dict(), image, 3, _norm)
        torch.testing.assert_close(network.eval()(image), expected)


@pytest.mark.parametrize("dims", [2, 3])
def test_its_widths_as_specified(dims):
    with torch.device("meta"):
        network = build_network("unet_literal", dimensions=dims)
        features = network.encode(torch.empty(1, 1, *[96] * dims))
    maps = (*features.skips, features.deepest)
    assert [tuple(m.shape[1:3]) for m in maps] == [(32, 96), (64, 48), (128, 24), (256, 12)]
