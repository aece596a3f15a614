"""SAM's mask decoder for many prompts, on one image or on a different image each.

The network's own forward copies the image for every prompt, fails where prompts lie on different
images, and projects all 4,096 places of the image to queries, keys and values although a prompt
has but some seven tokens. Here the projections are folded into the tokens: (X Wk) q = X (Wk q). It
is the same network with the same weights; only the order of sums differs. Gradients flow.

Shapes: b prompts, t tokens each, c channels, h heads, d channels a head, n places of the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def decode(network: Any, features: Tensor, sparse: Tensor, dense: Tensor) -> tuple[Tensor, Tensor]:
    """Decode prompts into masks.

    Parameters
    ----------
    network : torch module
        Has SAM's ``prompt_encoder`` and ``mask_decoder``.
    features : (b, c, rows, columns) or (1, c, rows, columns) tensor
        Embeddings: one image each, or one image for all.
    sparse : (b, tokens, c) tensor
        Points and boxes, as the prompt encoder gives them.
    dense : (b, c, rows, columns) or (1, c, rows, columns) tensor
        What it gives for the masks that are prompts, or where none is.

    Returns
    -------
    logits : (b, masks, 4 rows, 4 columns) tensor
        The network's masks: 0 for clear prompts, the others for a lone point.
    scores : (b, masks) tensor
        The overlap (IoU) that it expects of each.

    References
    ----------
    Kirillov et al., Segment Anything, 2023, appendix A, "Lightweight mask decoder".
    """
    decoder = network.mask_decoder
    asked = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
    tokens = torch.cat([asked.expand(len(sparse), -1, -1), sparse], dim=1)
    places = network.prompt_encoder.get_dense_pe().flatten(2).transpose(1, 2)
    image = (features + dense).flatten(2).transpose(1, 2).contiguous()
    tokens, image = _talk(decoder.transformer, tokens, image, places)
    ways = enumerate(decoder.output_hypernetworks_mlps, start=1)
    filters = torch.stack([mlp(tokens[:, i]) for i, mlp in ways], dim=1)
    logits = _enlarged(decoder.output_upscaling, image, features.shape[-2:], filters)
    return logits, decoder.iou_prediction_head(tokens[:, 0])


def _talk(
    transformer: Any, prompts: Tensor, image: Tensor, places: Tensor
) -> tuple[Tensor, Tensor]:
    """Let tokens, (b, t, c), and the image, (b or 1, n, c), attend to one another."""
    tokens = prompts
    for layer in transformer.layers:
        if layer.skip_first_layer_pe:
            tokens = layer.self_attn(q=tokens, k=tokens, v=tokens)
        else:
            placed = tokens + prompts
            tokens = tokens + layer.self_attn(q=placed, k=placed, v=tokens)
        tokens = layer.norm1(tokens)
        placed = image + places
        tokens = tokens + _from_image(
            layer.cross_attn_token_to_image, tokens + prompts, placed, image
        )
        tokens = layer.norm2(tokens)
        tokens = layer.norm3(tokens + layer.mlp(tokens))
        attention = layer.cross_attn_image_to_token
        image = _plus_from_tokens(attention, image, placed, tokens + prompts, tokens)
        image = layer.norm4(image)
    attention = transformer.final_attn_token_to_image
    tokens = tokens + _from_image(attention, tokens + prompts, image + places, image)
    return transformer.norm_final_attn(tokens), image


def _from_image(attention: Any, tokens: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """What tokens, (b, t, c), take from an image whose keys and values are (b or 1, n, c).

    A bias of the keys adds the same to every place, which the softmax over places takes off.
    """
    heads = attention.num_heads
    asked = _heads(attention.q_proj(tokens), heads)
    by_head = _split(attention.k_proj.weight, 0, heads)
    folded = torch.matmul(asked * asked.shape[-1] ** -0.5, by_head).flatten(1, 2)
    weights = torch.matmul(folded, keys.transpose(1, 2)).softmax(dim=-1)
    taken = _split(torch.matmul(weights, values), 1, heads)
    told = torch.matmul(taken, _split(attention.v_proj.weight, 0, heads).transpose(1, 2))
    told = told.transpose(1, 2).flatten(2) + attention.v_proj.bias
    return attention.out_proj(told)  # type: ignore[no-any-return]


def _plus_from_tokens(
    attention: Any, image: Tensor, queries: Tensor, keys: Tensor, values: Tensor
) -> Tensor:
    """An image, (b or 1, n, c), plus what its places take from tokens of (b, t, c)."""
    heads = attention.num_heads
    offered = _heads(attention.k_proj(keys), heads)
    offered = offered * offered.shape[-1] ** -0.5
    folded = torch.matmul(offered, _split(attention.q_proj.weight, 0, heads))
    bias = torch.matmul(offered, attention.q_proj.bias.view(heads, -1, 1))
    scores = _split(torch.matmul(folded.flatten(1, 2), queries.transpose(1, 2)), 1, heads)
    weights = (scores + bias).softmax(dim=2)  # over the tokens of each head
    told = _heads(attention.v_proj(values), heads)
    told = torch.matmul(told, _split(attention.out_proj.weight.T, 0, heads))
    told = told + attention.out_proj.bias / heads  # each head's weights sum to 1
    return torch.baddbmm(
        image.expand(len(keys), -1, -1), weights.flatten(1, 2).transpose(1, 2), told.flatten(1, 2)
    )


def _enlarged(layers: Any, image: Tensor, size: torch.Size, filters: Tensor) -> Tensor:
    """Enlarge an image, (b, n, c), four times, and give each place to filters of (b, masks, c/8).

    Transposed convolutions of 2 x 2 pixels with a step of 2 touch each place once, so they are
    products; with channels last nothing is copied until the masks themselves.
    """
    first, norm, bend, second, bend_again = layers
    channels = first.out_channels
    pixels = _four_pixels(first, image)
    pixels = bend(functional.layer_norm(pixels, (channels,), norm.weight, norm.bias, norm.eps))
    pixels = bend_again(_four_pixels(second, pixels)).flatten(1, 3)
    rows, columns = size
    logits = torch.matmul(filters, pixels.transpose(1, 2))
    b, masks = logits.shape[:2]
    logits = logits.view(b, masks, rows, columns, 2, 2, 2, 2).permute(0, 1, 2, 4, 6, 3, 5, 7)
    return logits.reshape(b, masks, 4 * rows, 4 * columns)


def _four_pixels(convolution: Any, pixels: Tensor) -> Tensor:
    """Turn every pixel into four: (..., in) -> (..., 4, out), with weights of (in, out, 2, 2)."""
    matrix = convolution.weight.permute(2, 3, 1, 0).flatten(0, 2)
    return _split(functional.linear(pixels, matrix, convolution.bias.repeat(4)), -1, 4)


def _heads(tokens: Tensor, heads: int) -> Tensor:
    """(b, t, h d) -> (b, h, t, d)."""
    return _split(tokens, 2, heads).transpose(1, 2)


def _split(tensor: Tensor, axis: int, parts: int) -> Tensor:
    """Make two axes of one: as many parts, and the length of each."""
    axis = axis % tensor.ndim
    shape = tensor.shape
    return tensor.reshape(*shape[:axis], parts, shape[axis] // parts, *shape[axis + 1 :])
