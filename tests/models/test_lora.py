from __future__ import annotations

import pytest
import torch
from segment_anything.modeling import ImageEncoderViT
from torch import nn

from napari_medssl.models.litemedsam import build
from napari_medssl.models.lora import add_lora, merge_lora, query_and_value_rows


def vit() -> nn.Module:
    torch.manual_seed(0)
    return ImageEncoderViT(
        img_size=32, patch_size=16, embed_dim=12, depth=2, num_heads=2, out_chans=8
    ).eval()


def drawn() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_it_begins_by_changing_nothing_and_only_its_own_is_learned() -> None:
    encoder, image = vit(), torch.randn(1, 3, 32, 32)
    before = encoder(image)
    learned = add_lora(encoder, 4, drawn())
    assert torch.equal(encoder(image), before)
    assert [tuple(p.shape) for p in learned] == [(4, 12), (4, 12), (12, 4), (12, 4)] * 2
    assert {id(p) for p in encoder.parameters() if p.requires_grad} == {id(p) for p in learned}


def test_merging_changes_nothing_bit_for_bit_and_brings_back_the_names() -> None:
    encoder, image = vit(), torch.randn(1, 3, 32, 32)
    published = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    with torch.no_grad():
        for parameter in add_lora(encoder, 2, drawn()):
            parameter.normal_()
        before = encoder(image)
        merge_lora(encoder)
        assert torch.equal(encoder(image), before)
    merged = encoder.state_dict()
    assert merged.keys() == published.keys()
    changed = {name for name in merged if not torch.equal(merged[name], published[name])}
    assert changed == {"blocks.0.attn.qkv.weight", "blocks.1.attn.qkv.weight"}
    keys = slice(12, 24)
    for name in changed:
        assert torch.equal(merged[name][keys], published[name][keys])


def test_the_matrix_is_of_the_asked_rank() -> None:
    encoder = vit()
    before = encoder.blocks[0].attn.qkv.weight.detach().clone()
    with torch.no_grad():
        for parameter in add_lora(encoder, 2, drawn()):
            parameter.normal_()
    difference = encoder.blocks[0].attn.qkv.weight.detach() - before
    for rows in (slice(0, 12), slice(24, 36)):
        assert torch.linalg.matrix_rank(difference[rows], atol=1e-4) == 2


def test_gradients_reach_it() -> None:
    encoder = vit()
    learned = add_lora(encoder, 2, drawn())
    encoder(torch.randn(1, 3, 32, 32)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in learned)
    assert any(parameter.grad.abs().max() > 0 for parameter in learned)


@pytest.fixture(scope="module")
def tiny_vit_attention() -> nn.Module:
    encoder = build().image_encoder
    return next(module for module in encoder.modules() if hasattr(module, "key_dim"))


def test_tinyvit_gives_queries_and_values_head_by_head(tiny_vit_attention) -> None:
    """Found by asking the layer: outputs set apart come back as queries and values."""
    attention = tiny_vit_attention
    queries, values = query_and_value_rows(attention)
    outputs = torch.zeros(attention.qkv.out_features)
    outputs[queries], outputs[values] = 1.0, 2.0
    parts = [attention.key_dim, attention.key_dim, attention.d]
    q, k, v = outputs.view(attention.num_heads, -1).split(parts, dim=1)
    assert (q == 1).all()
    assert (k == 0).all()
    assert (v == 2).all()
    assert len(queries) + len(values) == 2 * attention.qkv.out_features // 3
