from __future__ import annotations

import pytest
import torch

from napari_medssl.models.networks.medsass_vit_s import TokensToMap
from napari_medssl.models.networks.network import build_network

SMALL = {"dim": 12, "depth": 1, "heads": 3, "widths": (2, 3, 4, 5, 6)}


@pytest.fixture(scope="module")
def full():
    with torch.device("meta"):
        return build_network("medsass_vit_s")


def test_its_transformer_is_timms_vit_small_patch8_224(full):
    import timm

    with torch.device("meta"):
        theirs = timm.create_model("vit_small_patch8_224", num_classes=0)
    shapes = {name: tensor.shape for name, tensor in full.vit.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in theirs.state_dict().items()}
    assert sum(p.numel() for p in full.vit.parameters()) == pytest.approx(21.7e6, rel=2e-3)


def test_its_maps_as_specified(full):
    image = torch.empty(1, 3, 224, 224, device="meta")
    features = full.encode(image)
    maps = (*features.skips, features.deepest)
    assert [tuple(m.shape[1:3]) for m in maps] == [
        (64, 224),
        (128, 112),
        (256, 56),
        (512, 28),
        (512, 14),
    ]
    assert full.vit.forward_features(image).shape == (1, 1 + 28 * 28, 384)


@pytest.mark.parametrize("sides", [(32, 32), (48, 80), (224, 32)])
def test_any_side_that_is_a_multiple_of_16(sides):
    network = build_network("medsass_vit_s", classes=2, **SMALL).eval()
    with torch.no_grad():
        assert network(torch.randn(1, 3, *sides)).shape == (1, 2, *sides)


def test_both_paths_are_heard():
    torch.manual_seed(0)
    network = build_network("medsass_vit_s", **SMALL).eval()
    image = torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        both = network.encode(image)
        alone = network.levels(image)
        tokens = network.vit.forward_features(image)[:, 1:]
        seen = network.joint(tokens, (4, 6), (2, 3))
    torch.testing.assert_close(both.deepest, alone.deepest + seen)
    assert seen.std() > 0
    assert alone.deepest.std() > 0


def test_tokens_lie_where_their_patches_lay():
    joint = TokensToMap(1, 1)
    for layer in (joint.convolution, joint.linear):
        torch.nn.init.ones_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    tokens = torch.arange(8.0).reshape(1, 8, 1)  # 2 rows of 4
    assert joint(tokens, (2, 4), (2, 4)).flatten().tolist() == list(range(8))
    halved = joint(tokens, (2, 4), (1, 2)).flatten()  # the mean of each 2 x 2 patches
    assert halved.tolist() == [2.5, 4.5]


def test_the_transformer_alone_sees_what_timm_s_sees():
    torch.manual_seed(0)
    network = build_network("medsass_vit_s", **SMALL).eval()
    image = torch.randn(2, 3, 32, 48)
    with torch.no_grad():
        first, tokens = network.look(network.embed(image))
        theirs = network.vit.forward_features(image)
    torch.testing.assert_close(torch.cat([first[:, None], tokens], 1), theirs)
