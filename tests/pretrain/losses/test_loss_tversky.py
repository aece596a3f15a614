from __future__ import annotations

import math

import pytest
import torch

from napari_medssl.pretrain.losses.tversky import (
    MASK_LOSSES,
    cross_entropy,
    focal,
    focal_tversky,
    tversky,
)


def pixels(logits, mask):
    return [
        (1 / (1 + math.exp(-x)), y)
        for x, y in zip(logits.flatten().tolist(), mask.flatten().tolist(), strict=True)
    ]


def slow_overlap(logits, mask, missed, false) -> float:
    """Pixel by pixel over the whole batch."""
    both = lost = added = 0.0
    for p, y in pixels(logits, mask):
        both += p * y
        lost += (1 - p) * y
        added += p * (1 - y)
    return both / (both + missed * lost + false * added)


@pytest.fixture
def case():
    torch.manual_seed(0)
    return torch.randn(2, 1, 5, 6), (torch.rand(2, 1, 5, 6) < 0.3).float()


def test_tversky_and_its_focal_form_equal_their_slow_versions(case):
    wanted = 1 - slow_overlap(*case, missed=0.7, false=0.3)
    assert tversky(*case).item() == pytest.approx(wanted, rel=1e-5)
    assert focal_tversky(*case).item() == pytest.approx(wanted**0.75, rel=1e-5)
    other = 1 - slow_overlap(*case, missed=0.2, false=0.9)
    found = focal_tversky(*case, missed=0.2, false=0.9, gamma=2).item()
    assert found == pytest.approx(math.sqrt(other), rel=1e-5)


def test_half_and_half_is_dice(case):
    both = sum(p * y for p, y in pixels(*case))
    either = sum(p + y for p, y in pixels(*case))
    dice = 1 - 2 * both / either
    assert tversky(*case, missed=0.5, false=0.5).item() == pytest.approx(dice, rel=1e-5)


def test_what_is_missed_weighs_more_than_what_is_false():
    """The weights belong to what their names say: libraries and papers swap them."""
    sure = 20.0
    mask = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 2, 2)
    misses = torch.tensor([sure, -sure, -sure, -sure]).reshape(1, 1, 2, 2)
    adds = torch.tensor([sure, sure, sure, -sure]).reshape(1, 1, 2, 2)
    assert tversky(misses, mask).item() == pytest.approx(1 - 1 / 1.7, rel=1e-4)
    assert tversky(adds, mask).item() == pytest.approx(1 - 2 / 2.3, rel=1e-4)


def test_focal_and_cross_entropy_equal_their_slow_versions(case):
    focused, plain = [], []
    for p, y in pixels(*case):
        right, weight = (p, 0.25) if y else (1 - p, 0.75)
        focused.append(-weight * (1 - right) ** 2 * math.log(right))
        plain.append(-math.log(right))
    assert focal(*case).item() == pytest.approx(sum(focused) / len(focused), rel=1e-5)
    assert cross_entropy(*case).item() == pytest.approx(sum(plain) / len(plain), rel=1e-5)


@pytest.mark.parametrize("name", MASK_LOSSES)
@pytest.mark.parametrize("inside", [0.0, 1.0])
def test_all_are_finite_at_the_ends(name, inside):
    """Also one channel has a loss: a softmax over it would always be right."""
    mask = torch.full((1, 1, 4, 4), inside)
    for sure in (-100.0, 100.0):
        logits = torch.full((1, 1, 4, 4), sure, requires_grad=True)
        loss = MASK_LOSSES[name](logits, mask)
        loss.backward()
        assert loss.isfinite()
        assert logits.grad.isfinite().all()
    unsure = MASK_LOSSES[name](torch.zeros(1, 1, 4, 4), mask)
    assert unsure.item() > 0.01
