from __future__ import annotations

import math

import torch

from napari_medssl.finetune.volumes.loss import dice_and_entropy


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
