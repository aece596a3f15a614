from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_medssl.models.networks.network import Features, build_network


@pytest.fixture(scope="module")
def full():
    with torch.device("meta"):
        return build_network("kidney_dense")


def test_its_encoder_has_the_size_and_the_maps_of_the_papers_code(full):
    assert sum(p.numel() for p in full.encoder.parameters()) == pytest.approx(0.35e6, rel=0.01)
    features = full.encode(torch.empty(1, 1, 64, 112, 112, device="meta"))
    assert features.deepest.shape == (1, 144, 4, 7, 7)
    assert [tuple(skip.shape[1:3]) for skip in features.skips] == [(16, 16), (16, 8), (16, 4)]


def test_its_groups_fit_its_channels(full):
    norms = [m for m in full.encoder.modules() if isinstance(m, nn.GroupNorm)]
    assert {(n.num_channels < 64, n.num_groups) for n in norms} == {(True, 4), (False, 8)}
    first = [m for m in full.decoder.blocks[0] if isinstance(m, nn.GroupNorm)]
    assert [(n.num_channels, n.num_groups) for n in first] == [(128, 16)] * 2


def test_the_last_doubling_is_one_layer_used_twice():
    network = build_network("kidney_dense")
    calls = []
    network.decoder.upsample.register_forward_hook(lambda *_: calls.append(1))
    logits = network(torch.randn(1, 1, 16, 16, 16))
    assert logits.shape == (1, 2, 16, 16, 16)
    assert len(calls) == 2


def test_the_reconstruction_learns_when_it_is_asked_for_and_sees_no_skips():
    torch.manual_seed(0)
    network = build_network("kidney_dense")
    image = torch.randn(1, 1, 16, 16, 32)
    features = network.encode(image)
    told = network.reconstruct(Features((), features.deepest))
    assert told.shape == image.shape
    (told - image).square().mean().backward()
    assert all(p.grad is not None for p in network.reconstruction.parameters())
    assert all(p.grad is not None for p in network.encoder.parameters())
    assert all(p.grad is None for p in network.decoder.parameters())
