from __future__ import annotations

import torch
from segment_anything.modeling import PromptEncoder
from torch import nn

from napari_medssl.models.mask_prompt import begin_without_masks, mask_prompt


def test_inside_is_one_and_outside_minus_one() -> None:
    masks = torch.tensor([[[True, False]], [[False, False]]])
    assert mask_prompt(masks).tolist() == [[[[1, -1]]], [[[-1, -1]]]]


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
