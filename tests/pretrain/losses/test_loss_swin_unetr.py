from __future__ import annotations

import math

import pytest
import torch
from slow_answers import mean, softmax

from napari_medssl.pretrain.losses.nt_xent import nt_xent
from napari_medssl.pretrain.losses.swin_unetr import swin_unetr


def test_its_terms_equal_their_slow_versions_and_weigh_alike():
    torch.manual_seed(0)
    turned, turns = torch.randn(4, 4), torch.tensor([0, 3, 2, 1])
    first, second = torch.randn(2, 2, 6)
    predicted, image = torch.randn(2, 4, 1, 2, 3, 2)
    found = swin_unetr(
        turned=turned, turns=turns, vectors=(first, second), predicted=predicted, image=image
    )
    turn = mean(-math.log(softmax(turned[i])[turns[i]]) for i in range(4))
    pairs = zip(predicted.flatten().tolist(), image.flatten().tolist(), strict=True)
    drawn = mean(abs(a - b) for a, b in pairs)
    contrast = nt_xent(first, second, temperature=0.5).item()
    assert found.rotation.item() == pytest.approx(turn, rel=1e-5)
    assert found.contrast.item() == pytest.approx(contrast)
    assert found.inpainting.item() == pytest.approx(drawn, rel=1e-5)
    assert found.total.item() == pytest.approx(turn + contrast + drawn, rel=1e-5)
