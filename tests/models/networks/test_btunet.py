from __future__ import annotations

import torch
from torch.nn import functional

from napari_medssl.models.networks.btunet import SeparableResidual
from napari_medssl.models.networks.network import build_network


def _normed(x: torch.Tensor, norm: torch.nn.Module) -> torch.Tensor:
    mean, var = (norm.running_mean.reshape(-1, 1, 1), norm.running_var.reshape(-1, 1, 1))
    scaled = (x - mean) / (var + norm.eps).sqrt()
    return scaled * norm.weight.reshape(-1, 1, 1) + norm.bias.reshape(-1, 1, 1)


def test_a_block_equals_itself_written_out():
    torch.manual_seed(0)
    block = SeparableResidual(2, 3, 5, 0.1)
    image = torch.randn(4, 3, 8, 8)
    with torch.no_grad():
        block(image)  # gives the batch norms something to remember
        block.eval()
        x = image
        for n in (0, 4):
            depthwise, pointwise, norm = block.convolutions[n : n + 3]
            channels = [
                functional.conv2d(x[:, c : c + 1], depthwise.weight[c : c + 1], padding=1)
                for c in range(x.shape[1])
            ]
            x = torch.einsum("bchw,oc->bohw", torch.cat(channels, 1), pointwise.weight[:, :, 0, 0])
            x = _normed(x, norm).clamp(min=0)
        by_the_way = torch.einsum("bchw,oc->bohw", image, block.shortcut[0].weight[:, :, 0, 0])
        expected = x + _normed(by_the_way, block.shortcut[1])
        torch.testing.assert_close(block(image), expected)
    assert (expected < 0).any(), "nothing cuts the sum off"


def test_its_maps_as_specified():
    with torch.device("meta"):
        network = build_network("btunet")
        features = network.encode(torch.empty(1, 3, 256, 256))
        up = [network.decode_upto(features, level).shape[1] for level in range(5)]
    maps = (*features.skips, features.deepest)
    assert [tuple(m.shape[1:3]) for m in maps] == [
        (16, 256),
        (32, 128),
        (64, 64),
        (128, 32),
        (256, 16),
    ]
    assert up == [256, 128, 64, 32, 16]


def test_a_tenth_is_dropped_in_training_alone():
    block = SeparableResidual(2, 1, 64, 0.1)
    torch.nn.init.zeros_(block.shortcut[1].weight)  # leaves the dropped numbers at 0
    torch.nn.init.ones_(block.convolutions[6].bias)
    torch.nn.init.zeros_(block.convolutions[6].weight)  # and all others at 1 / 0.9
    torch.manual_seed(0)
    image = torch.randn(2, 1, 32, 32)
    dropped = (block(image) == 0).float().mean().item()
    assert 0.09 < dropped < 0.11
    assert (block.eval()(image) == 1).all()
