from __future__ import annotations

import pytest
import torch
from slow_answers import cosine, mean

from napari_medssl.pretrain.losses.negative_cosine import negative_cosine, simsiam


def test_it_equals_its_slow_version():
    torch.manual_seed(0)
    p1, p2, z1, z2 = torch.randn(4, 5, 7)
    there = -mean(cosine(a, b) for a, b in zip(p1, z2, strict=True))
    back = -mean(cosine(a, b) for a, b in zip(p2, z1, strict=True))
    assert negative_cosine(p1, z2).item() == pytest.approx(there, rel=1e-5)
    assert simsiam((p1, p2), (z1, z2)).item() == pytest.approx((there + back) / 2, rel=1e-5)


def test_no_gradient_flows_to_what_is_aimed_at():
    predicted, target = torch.randn(2, 3, 4, requires_grad=True).unbind()
    predicted, target = (t.detach().requires_grad_() for t in (predicted, target))
    negative_cosine(predicted, target).backward()
    assert predicted.grad.abs().sum() > 0
    assert target.grad is None


def test_length_does_not_matter():
    vectors = torch.randn(3, 4)
    assert negative_cosine(vectors, 100 * vectors).item() == pytest.approx(-1)
