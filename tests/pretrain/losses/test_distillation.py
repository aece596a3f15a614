from __future__ import annotations

import pytest
import torch
from slow_answers import answer_entropy

from napari_medssl.pretrain.losses.distillation import moved_centre, soft_cross_entropy


def test_entropies_equal_their_slow_version():
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 3, 4, 6)
    centre = torch.randn(6)
    found = soft_cross_entropy(
        student, teacher, centre=centre, student_temperature=0.1, teacher_temperature=0.05
    )
    for i in range(3):
        for j in range(4):
            wanted = answer_entropy(student[i, j], teacher[i, j], centre, 0.1, 0.05)
            assert found[i, j].item() == pytest.approx(wanted, rel=1e-4)


def test_the_teacher_learns_nothing():
    student, teacher = (torch.randn(2, 5, requires_grad=True) for _ in range(2))
    soft_cross_entropy(
        student,
        teacher,
        centre=torch.zeros(5),
        student_temperature=0.1,
        teacher_temperature=0.04,
    ).sum().backward()
    assert student.grad.abs().sum() > 0
    assert teacher.grad is None


def test_the_centre_follows_the_mean_of_all_rows():
    centre, teacher = torch.tensor([1.0, 2.0]), torch.tensor([[[3.0, 0.0]], [[5.0, 4.0]]])
    moved = moved_centre(centre, teacher, momentum=0.9)
    assert moved.tolist() == pytest.approx([0.9 * 1 + 0.1 * 4, 0.9 * 2 + 0.1 * 2])
    assert centre.tolist() == [1, 2]
