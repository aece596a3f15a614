from __future__ import annotations

import pytest
import torch

from napari_medssl.models.networks.medsass_resnet50 import _smp_unet
from napari_medssl.models.networks.network import build_network


@pytest.fixture(scope="module")
def whole():
    """segmentation-models-pytorch's own network, with what is never run."""
    torch.manual_seed(0)
    return _smp_unet(3, 1, (256, 128, 64)).eval()


def test_the_whole_has_the_size_that_was_read_from_the_authors_notebook(whole):
    assert sum(p.numel() for p in whole.parameters()) == pytest.approx(26.6e6, rel=1e-3)


def test_what_is_left_out_changes_no_number(whole):
    network = build_network("medsass_resnet50", classes=1).eval()
    tensors = {
        name.replace("segmentation_head", "head"): tensor
        for name, tensor in whole.state_dict().items()
    }
    missing, left_over = network.load_state_dict(tensors, strict=False)
    assert not missing
    assert {".".join(name.split(".")[:4]) for name in left_over if "encoder" not in name} == {
        "decoder.blocks.2.attention1"
    }
    assert {".".join(n.split(".")[:2]) for n in left_over if "encoder" in n} == {
        "encoder.layer3",
        "encoder.layer4",
    }
    image = torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        torch.testing.assert_close(network(image), whole(image))


def test_its_maps_as_specified():
    with torch.device("meta"):
        network = build_network("medsass_resnet50")
        features = network.encode(torch.empty(1, 3, 224, 224))
    maps = (*features.skips, features.deepest)
    assert [tuple(m.shape[1:3]) for m in maps] == [(64, 112), (256, 56), (512, 28)]
