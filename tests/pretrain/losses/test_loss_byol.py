from __future__ import annotations

import pytest
import torch

from napari_medssl.pretrain.losses.byol import byol


def slow(predicted, projected) -> float:
    """Squared distances of unit vectors, image by image."""
    total = 0.0
    for p, z in ((predicted[0], projected[1]), (predicted[1], projected[0])):
        for a, b in zip(p.double(), z.double(), strict=True):
            total += float(((a / a.norm() - b / b.norm()) ** 2).sum()) / len(p)
    return total


def test_it_equals_its_slow_version():
    torch.manual_seed(0)
    p1, p2, z1, z2 = torch.randn(4, 5, 7)
    assert byol((p1, p2), (z1, z2)).item() == pytest.approx(slow((p1, p2), (z1, z2)), rel=1e-5)


def test_it_runs_from_0_to_8_and_the_teacher_learns_nothing():
    one = torch.ones(2, 3, requires_grad=True)
    teacher = torch.ones(2, 3, requires_grad=True)
    assert byol((one, one), (teacher, teacher)).item() == pytest.approx(0, abs=1e-5)
    worst = byol((one, one), (-teacher, -teacher))
    assert worst.item() == pytest.approx(8)
    worst.backward()
    assert teacher.grad is None
