from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_medssl.errors import MedSSLError
from napari_medssl.pretrain.learning.ema import follow, teacher_of


def student_of(width: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Dropout(0.5))


def test_a_teacher_starts_where_the_student_is_and_learns_nothing_itself():
    student = student_of()
    teacher = teacher_of(student)
    assert not teacher.training
    assert not any(p.requires_grad for p in teacher.parameters())
    assert all(p.requires_grad for p in student.parameters())
    for name, tensor in student.state_dict().items():
        assert torch.equal(teacher.state_dict()[name], tensor)
    teacher.state_dict()["0.weight"].fill_(0)
    assert student.state_dict()["0.weight"].any()


def test_weights_are_averaged_and_counts_copied():
    student = student_of()
    teacher = teacher_of(student)
    before = {name: p.detach().clone() for name, p in teacher.named_parameters()}
    with torch.no_grad():
        for p in student.parameters():
            p.add_(torch.randn_like(p))
    student(torch.randn(8, 2))
    follow(teacher, student, 0.9)
    for name, p in teacher.named_parameters():
        wanted = 0.9 * before[name] + 0.1 * dict(student.named_parameters())[name]
        assert torch.allclose(p, wanted, atol=1e-6)
    for name, buffer in teacher.named_buffers():
        assert torch.equal(buffer, dict(student.named_buffers())[name])
    assert dict(teacher.named_buffers())["1.num_batches_tracked"] == 1


def test_the_average_is_the_one_written_out():
    student, weights, wanted = nn.Linear(1, 1), [1.0, -2.0, 5.0], 0.0
    nn.init.zeros_(student.weight)
    teacher = teacher_of(student)
    for weight in weights:
        nn.init.constant_(student.weight, weight)
        follow(teacher, student, 0.8)
        wanted = 0.8 * wanted + 0.2 * weight
    assert teacher.weight.item() == pytest.approx(wanted)


def test_another_network_is_refused():
    with pytest.raises(MedSSLError, match="the same network"):
        follow(teacher_of(student_of()), nn.Linear(2, 3), 0.9)
