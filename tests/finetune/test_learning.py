from __future__ import annotations

import pytest
import torch
from segment_anything.modeling import PromptEncoder
from tiny_sam import tiny_network
from torch import nn

from napari_medssl.finetune import SamPlan
from napari_medssl.finetune.learning import (
    begin_learning,
    begin_without_masks,
    end_learning,
    spread_first_mask,
)
from napari_medssl.models.decoder import decode
from napari_medssl.models.litemedsam import build
from napari_medssl.models.mask_prompt import mask_prompt


@pytest.mark.parametrize("mode", ["decoder", "lora", "everything", "points"])
def test_what_learns_is_named_and_the_rest_is_frozen(mode: str) -> None:
    network = tiny_network()
    learned = begin_learning(network, SamPlan(mode=mode, rank=2, points=1.0))
    rooms = {name.split(".")[0] for name in learned}
    assert (
        rooms
        == {
            "decoder": {"mask_decoder"},
            "lora": {"image_encoder", "mask_decoder"},
            "everything": {"image_encoder", "mask_decoder", "prompt_encoder"},
            "points": {"mask_decoder", "prompt_encoder"},
        }[mode]
    )
    assert len(learned) == sum(p.requires_grad for p in network.parameters())
    if mode == "lora":
        assert all("qkv.parametrizations" in n for n in learned if n.startswith("image_encoder"))
    end_learning(network)
    assert not any(p.requires_grad for p in network.parameters())
    assert network.state_dict().keys() == tiny_network().state_dict().keys()
    assert not network.training


def test_lora_begins_alike_for_one_seed() -> None:
    ways = [begin_learning(tiny_network(), SamPlan(mode="lora", seed=s)) for s in (1, 1, 2)]
    same = [all(torch.equal(w[n], ways[0][n]) for n in w) for w in ways]
    assert same == [True, True, False]


def test_batch_statistics_of_litemedsam_are_kept_and_its_biases_learn() -> None:
    """Its attention keeps a copy of its biases when it does not learn, which must not go stale."""
    network = build()
    learned = begin_learning(network, SamPlan(mode="everything"))
    before = {n: t.clone() for n, t in network.named_buffers() if "running" in n}
    assert before
    image = torch.rand(1, 3, 256, 256)
    network.image_encoder(image).mean().backward()
    assert all(torch.equal(before[n], t) for n, t in network.named_buffers() if n in before)
    biases = [name for name in learned if name.endswith("attention_biases")]
    assert biases
    assert all(learned[name].grad is not None for name in biases)
    with torch.no_grad():
        for name in biases:
            learned[name].add_(torch.randn_like(learned[name]))
        learning = network.image_encoder(image)
        end_learning(network)
        torch.testing.assert_close(network.image_encoder(image), learning)


def test_masks_for_a_lone_point_begin_near_the_one_for_boxes() -> None:
    network = tiny_network()
    features = torch.randn(1, 16, 4, 4)
    sparse, dense = network.prompt_encoder(None, torch.tensor([[[8.0, 8, 40, 50]]]), None)
    before = decode(network, features, sparse, dense)
    spread_first_mask(network, seed=0)
    logits, scores = decode(network, features, sparse, dense)
    first = logits[:, :1]
    away = (logits[:, 1:] - first).abs().amax(dim=(2, 3))
    apart = (before[0][:, 1:] - before[0][:, :1]).abs().amax(dim=(2, 3))
    assert (away > 0).all()  # the same would be taught the same for ever
    assert (away < apart / 2).all()
    torch.testing.assert_close(scores, scores[:, :1].expand(-1, 4))
    again = tiny_network()
    spread_first_mask(again, seed=0)
    assert torch.equal(
        again.mask_decoder.mask_tokens.weight, network.mask_decoder.mask_tokens.weight
    )


def test_at_first_every_mask_means_what_none_means_and_can_learn() -> None:
    torch.manual_seed(0)
    encoder = PromptEncoder(
        embed_dim=16, image_embedding_size=(4, 4), input_image_size=(64, 64), mask_in_chans=4
    )
    points = torch.zeros(2, 1, 2), torch.ones(2, 1, dtype=torch.int64)
    masks = mask_prompt(torch.rand(2, 16, 16) > 0.5)
    none = encoder(points, None, None)[1]
    assert not torch.allclose(encoder(points, None, masks)[1], none)
    begin_without_masks(nn.ModuleDict({"prompt_encoder": encoder}))
    shown = encoder(points, None, masks)[1]
    torch.testing.assert_close(shown, none)
    (shown * torch.rand(shown.shape)).sum().backward()
    assert encoder.mask_downscaling[-1].weight.grad.abs().sum() > 0
