from __future__ import annotations

import math

import torch

from napari_medssl.finetune.volumes.loss import dice_and_entropy, redrawing_error


def slow(logits, classes, weight) -> float:
    """Voxel by voxel, in plain Python."""
    batch, count = logits.shape[:2]
    entropy, weights = 0.0, 0.0
    shared, likely, drawn = ([0.0] * count for _ in range(3))
    flat = logits.reshape(batch, count, -1)
    for b in range(batch):
        for v in range(flat.shape[2]):
            row = [math.exp(flat[b, k, v].item()) for k in range(count)]
            p = [e / sum(row) for e in row]
            true = classes.reshape(batch, -1)[b, v].item()
            w = weight.reshape(batch, -1)[b, v].item()
            entropy += -math.log(p[true]) * w
            weights += w
            if w > 0:
                for k in range(count):
                    likely[k] += p[k]
                    drawn[k] += true == k
                    shared[k] += p[k] * (true == k)
    dice = [
        1 - (2 * s + 1) / (a + b + 1)
        for s, a, b in zip(shared[1:], likely[1:], drawn[1:], strict=True)
    ]
    return entropy / max(1.0, weights) + sum(dice) / len(dice)


def test_it_equals_its_slow_version():
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 3, 4, 2)
    classes = torch.randint(0, 3, (2, 3, 4, 2))
    weight = torch.tensor([0.0, 1.0, 3.0])[torch.randint(0, 3, (2, 3, 4, 2))]
    found = dice_and_entropy(logits, classes, weight).item()
    assert abs(found - slow(logits, classes, weight)) < 1e-5


def test_voxels_nobody_looked_at_carry_no_loss():
    torch.manual_seed(0)
    logits = torch.randn(1, 2, 4, 4, 4, requires_grad=True)
    classes = torch.randint(0, 2, (1, 4, 4, 4))
    weight = torch.zeros(1, 4, 4, 4)
    weight[:, 1] = 1
    dice_and_entropy(logits, classes, weight).backward()
    moved = logits.grad.abs().sum(1)[0]
    assert (moved[1] > 0).all()
    assert not moved[[0, 2, 3]].any()


def test_nothing_looked_at_is_no_division_by_zero():
    logits = torch.randn(1, 2, 4, 4)
    found = dice_and_entropy(logits, torch.zeros(1, 4, 4, dtype=torch.long), torch.zeros(1, 4, 4))
    assert found.isfinite()


def drawn_by_chance() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    classes = (torch.rand(2, 4, 4, 4) < 0.1).long()
    return torch.randn(2, 2, 4, 4, 4), classes, torch.ones(2, 4, 4, 4)


def test_its_parts_are_weighed():
    given = drawn_by_chance()
    entropy, dice = (dice_and_entropy(*given, parts=p) for p in ((1.0, 0.0), (0.0, 1.0)))
    torch.testing.assert_close(dice_and_entropy(*given), entropy + dice)
    mixed = dice_and_entropy(*given, parts=(0.6, 0.4))
    torch.testing.assert_close(mixed, 0.6 * entropy + 0.4 * dice)


def test_balanced_a_rare_class_counts_as_much_as_a_frequent_one():
    logits, classes, weight = drawn_by_chance()
    each = torch.nn.functional.cross_entropy(logits, classes, reduction="none")
    by_hand = (each[classes == 0].mean() + each[classes == 1].mean()) / 2
    found = dice_and_entropy(logits, classes, weight, parts=(1.0, 0.0), balanced=True)
    torch.testing.assert_close(found, by_hand)


def test_an_image_drawn_again_is_measured_by_its_mean_square():
    image = torch.zeros(2, 1, 3, 3)
    assert redrawing_error(image + 2, image) == 4
