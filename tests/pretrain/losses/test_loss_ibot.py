from __future__ import annotations

import pytest
import torch
from slow_answers import answer_entropy, mean

from napari_medssl.pretrain.losses.ibot import ibot


def test_it_equals_its_slow_version():
    """Images of different counts weigh the same, one with nothing hidden counts as nothing."""
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 3, 4, 6)
    centre = torch.randn(6)
    masked = torch.tensor([[1, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=torch.bool)
    images = []
    for i in range(3):
        hidden = [
            answer_entropy(student[i, t], teacher[i, t], centre, 0.1, 0.04)
            for t in range(4)
            if masked[i, t]
        ]
        images.append(mean(hidden) if hidden else 0.0)
    found = ibot(student, teacher, masked, centre=centre, teacher_temperature=0.04)
    assert found.item() == pytest.approx(mean(images), rel=1e-5)


def test_what_was_seen_teaches_nothing():
    student = torch.randn(1, 4, 6, requires_grad=True)
    masked = torch.tensor([[True, False, True, False]])
    teacher = torch.randn(1, 4, 6)
    ibot(student, teacher, masked, centre=torch.zeros(6), teacher_temperature=0.04).backward()
    taught = student.grad.abs().sum(-1)[0] > 0
    assert taught.tolist() == [True, False, True, False]
