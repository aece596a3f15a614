from __future__ import annotations

import pytest
import torch
from monai.networks.nets import UNet as MonaiUNet

from napari_medssl.models.networks.network import build_network


def _in_order_of_use(network: torch.nn.Module, image: torch.Tensor) -> list[torch.nn.Parameter]:
    """Return parameters in the order in which a forward pass comes upon them."""
    used: list[torch.nn.Parameter] = []
    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, _in, _out: used.extend(m.parameters()))
    network(image)
    return used


@pytest.mark.parametrize("dims", [2, 3])
def test_the_same_numbers_as_monais(dims):
    torch.manual_seed(0)
    widths = (4, 6, 8, 10, 12)
    ours = build_network("unet", dimensions=dims, in_channels=2, classes=3, widths=widths).eval()
    theirs = MonaiUNet(dims, 2, 3, widths, (2, 2, 2, 2), num_res_units=2, norm="INSTANCE").eval()
    image = torch.randn(1, 2, *[32] * dims)
    with torch.no_grad():
        pairs = zip(_in_order_of_use(ours, image), _in_order_of_use(theirs, image), strict=True)
        for mine, other in pairs:
            mine.copy_(other)
        torch.testing.assert_close(ours(image), theirs(image))


def test_its_size_as_specified():
    with torch.device("meta"):
        network = build_network("unet", dimensions=3)
        whole = MonaiUNet(3, 1, 2, (32, 64, 128, 256, 320), (2, 2, 2, 2), num_res_units=2)
        features = network.encode(torch.empty(1, 1, 96, 96, 96))
    assert sum(p.numel() for p in network.parameters()) == sum(
        p.numel() for p in whole.parameters()
    )
    assert [tuple(skip.shape[1:3]) for skip in features.skips] == [
        (32, 48),
        (64, 24),
        (128, 12),
        (256, 6),
    ]
    assert features.deepest.shape == (1, 320, 6, 6, 6)
