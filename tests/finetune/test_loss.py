from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_medssl.finetune.loss import (
    least_of_allowed,
    mask_losses,
    overlaps,
    score_losses,
    squared_dice_losses,
)


def example(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    logits = torch.randn(3, 4, 6, 7) * 3
    truth = (torch.rand(3, 6, 7) > 0.6).float()
    truth[2] = 0
    return logits, torch.rand(3, 4), truth


def slow(logits: np.ndarray, score: float, truth: np.ndarray) -> tuple[float, float, float]:
    """Squared Dice, cross-entropy and error of the overlap of one mask, a pixel at a time."""
    both = squares = ones = entropy = 0.0
    inside = either = 0
    for z, g in zip(logits.ravel().tolist(), truth.ravel().tolist(), strict=True):
        p = 1 / (1 + math.exp(-z))
        both += p * g
        squares += p * p
        ones += g * g
        entropy -= math.log(p) if g else math.log(1 - p)
        inside += bool(z > 0 and g)
        either += bool(z > 0 or g)
    dice = 1 - (2 * both + 1e-5) / (squares + ones + 1e-5)
    return dice, entropy / logits.size, (score - inside / max(1, either)) ** 2


def test_all_three_parts_equal_a_slow_version() -> None:
    logits, scores, truth = example()
    losses = mask_losses(logits, truth) + score_losses(scores, logits, truth)
    for b in range(3):
        for m in range(4):
            parts = slow(logits[b, m].numpy(), float(scores[b, m]), truth[b].numpy())
            assert losses[b, m].item() == pytest.approx(sum(parts), rel=1e-4)


def test_dice_equals_monai() -> None:
    from monai.losses import DiceLoss

    logits, _, truth = example()
    target = truth[:, None].expand_as(logits)
    theirs = DiceLoss(
        sigmoid=True, squared_pred=True, reduction="none", smooth_nr=1e-5, smooth_dr=1e-5
    )(logits, target)
    torch.testing.assert_close(squared_dice_losses(logits, target), theirs[:, :, 0, 0])


def test_a_perfect_mask_costs_nothing() -> None:
    truth = torch.zeros(1, 8, 8)
    truth[0, 2:5, 3:7] = 1
    logits = (truth[:, None] * 2 - 1) * 60
    assert mask_losses(logits, truth).item() == pytest.approx(0, abs=1e-5)
    assert score_losses(torch.ones(1, 1), logits, truth).item() == 0
    assert overlaps(logits, truth).item() == 1


def test_gradients_reach_masks_and_scores_but_not_the_measured_overlap() -> None:
    logits, scores, truth = example()
    logits.requires_grad_()
    scores.requires_grad_()
    mask_losses(logits, truth).sum().backward()
    score_losses(scores, logits, truth).sum().backward()
    assert logits.grad.abs().min() > 0
    expected = 2 * (scores - overlaps(logits, truth))
    torch.testing.assert_close(scores.grad, expected.detach())


def test_a_lone_point_is_taught_the_nearest_of_three_and_how_near_all_are() -> None:
    masks = torch.tensor([[1.0, 9, 9, 9], [0.1, 5.0, 2.0, 3.0]])
    scores = torch.tensor([[0.5, 9, 9, 9], [9, 0.1, 0.2, 0.6]])
    one, other = 1.0 + 0.5, 2.0 + 0.3
    for lone, expected in (((0, 1), (one + other) / 2), ((0, 0), (one + 9.1) / 2)):
        found = least_of_allowed(masks, scores, torch.tensor(lone, dtype=torch.bool))
        assert found.item() == pytest.approx(expected)
