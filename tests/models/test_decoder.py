from __future__ import annotations

from typing import Any

import pytest
import torch
from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer

from napari_medssl.models.decoder import decode


class Network(torch.nn.Module):
    """SAM without its image encoder, narrow, all weights random."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.prompt_encoder = PromptEncoder(
            embed_dim=32, image_embedding_size=(6, 6), input_image_size=(96, 96), mask_in_chans=4
        )
        talk = TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=48, num_heads=4)
        self.mask_decoder = MaskDecoder(
            transformer_dim=32, transformer=talk, iou_head_hidden_dim=16
        )
        for parameter in self.parameters():
            torch.nn.init.normal_(parameter, std=0.4)


@pytest.fixture(scope="module")
def network() -> Any:
    network = Network().eval().double()
    network.prompt_encoder.float()  # it makes single numbers of all places
    return network


def prompts(network: Any, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    boxes = torch.rand(count, 1, 4) * 40
    boxes[..., 2:] += 45
    sparse, dense = network.prompt_encoder(points=None, boxes=boxes, masks=None)
    return sparse.detach().double(), dense.detach().double()


def one_by_one(network: Any, features: torch.Tensor, sparse: torch.Tensor, dense: torch.Tensor):
    """The network's own forward, an image at a time."""
    places = network.prompt_encoder.get_dense_pe()
    pairs = zip(features, sparse, dense, strict=True)
    answers = [
        network.mask_decoder.predict_masks(f[None], places, s[None], d[None]) for f, s, d in pairs
    ]
    return torch.cat([masks for masks, _ in answers]), torch.cat([score for _, score in answers])


def test_many_prompts_on_one_image_are_answered_as_the_network_does(network: Any) -> None:
    features = torch.randn(1, 32, 6, 6, dtype=torch.float64)
    sparse, dense = prompts(network, 5)
    masks, scores = decode(network, features, sparse, dense[:1])
    own, own_scores = one_by_one(network, features.expand(5, -1, -1, -1), sparse, dense)
    assert masks.shape == (5, 4, 24, 24)
    torch.testing.assert_close(masks, own, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(scores, own_scores, rtol=1e-9, atol=1e-9)


def test_prompts_on_different_images_too(network: Any) -> None:
    """Where the network's own forward fails."""
    features = torch.randn(3, 32, 6, 6, dtype=torch.float64)
    sparse, dense = prompts(network, 3)
    masks, scores = decode(network, features, sparse, dense[:1])
    own, own_scores = one_by_one(network, features, sparse, dense)
    torch.testing.assert_close(masks, own, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(scores, own_scores, rtol=1e-9, atol=1e-9)
    with pytest.raises(RuntimeError):
        network.mask_decoder(features, network.prompt_encoder.get_dense_pe(), sparse, dense, False)


def test_gradients_are_those_of_the_network(network: Any) -> None:
    features = torch.randn(2, 32, 6, 6, dtype=torch.float64, requires_grad=True)
    sparse, dense = prompts(network, 2)
    weights = torch.randn(2, 4, 24, 24, dtype=torch.float64)
    ways = []
    for answer in (decode, one_by_one):
        network.zero_grad()
        features.grad = None
        masks, scores = answer(network, features, sparse, dense[: 1 if answer is decode else 2])
        ((masks * weights).sum() + scores.square().sum()).backward()
        own = {n: p.grad for n, p in network.mask_decoder.named_parameters() if p.grad is not None}
        ways.append({**own, "features": features.grad})
    mine, theirs = ways
    assert mine.keys() >= theirs.keys() - {n for n in theirs if n.endswith("k_proj.bias")}
    for name, gradient in theirs.items():
        if name in mine:
            torch.testing.assert_close(mine[name], gradient, rtol=1e-6, atol=1e-8)
        else:  # a bias of keys moves no softmax
            assert gradient.abs().max() < 1e-9
