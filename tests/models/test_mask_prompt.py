from __future__ import annotations

import torch

from napari_medssl.models.mask_prompt import mask_prompt


def test_inside_is_one_and_outside_minus_one() -> None:
    masks = torch.tensor([[[True, False]], [[False, False]]])
    assert mask_prompt(masks).tolist() == [[[[1, -1]]], [[[-1, -1]]]]
