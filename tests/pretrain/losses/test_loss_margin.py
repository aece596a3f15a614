from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_medssl.pretrain.losses.margin import margin_loss


def slow(first, second, same, margin, literal) -> float:
    """Pair by pair."""
    losses = []
    for a, b, y in zip(first.double().numpy(), second.double().numpy(), same.tolist(), strict=True):
        if literal:
            a, b = a.ravel(), b.ravel()
        else:
            a, b = (np.array([channel.mean() for channel in v]) for v in (a, b))
            a, b = a / np.sqrt((a**2).sum()), b / np.sqrt((b**2).sum())
        d = np.sqrt(((a - b) ** 2).sum())
        losses.append(d**2 if y else max(0.0, margin - d) ** 2)
    return float(np.mean(losses))


@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("margin", [1.0, 3.0])
def test_it_equals_its_slow_version(literal, margin):
    torch.manual_seed(0)
    first, second = torch.randn(2, 6, 3, 2, 2, 2) * 0.2 + 0.1
    same = torch.tensor([True, False, True, False, False, True])
    found = margin_loss(first, second, same, margin=margin, literal=literal).item()
    assert found == pytest.approx(slow(first, second, same, margin, literal), rel=1e-5)


def test_hand_values():
    one = torch.tensor([[1.0, 0.0]] * 2)[:, :, None]
    half = torch.tensor([[0.4, 0.0]] * 2)[:, :, None]
    same = torch.tensor([True, False])
    # d is 0.6 in both pairs: 0.36 for the same, (1 - 0.6)^2 for the others
    assert margin_loss(one, half, same, literal=True).item() == pytest.approx((0.36 + 0.16) / 2)
    # brought to length 1 they are one point: 0 for the same, 1 for the others
    assert margin_loss(one, half, same).item() == pytest.approx(0.5, abs=1e-5)


def test_large_maps_teach_opposite_pairs_nothing_in_the_literal_form_but_do_by_default():
    torch.manual_seed(0)
    first, second = (torch.randn(2, 144, 4, 7, 7, requires_grad=True) for _ in range(2))
    first_copy = first.detach().clone().requires_grad_()
    opposite = torch.zeros(2, dtype=torch.bool)
    margin_loss(first, second, opposite, literal=True).backward()
    assert not first.grad.any()
    close = first_copy.detach() + 0.1
    margin_loss(first_copy, close, opposite).backward()
    assert first_copy.grad.any()


def test_equal_maps_have_a_finite_slope():
    maps = torch.ones(2, 3, 2, 2, requires_grad=True)
    margin_loss(maps, torch.ones(2, 3, 2, 2), torch.tensor([True, False])).backward()
    assert maps.grad.isfinite().all()
