from __future__ import annotations

import torch
from made_scans import method_of, plan_for

from napari_medssl.pretrain.methods.teacher import Answers, Seer

PLAN = plan_for("byol", settings={"hidden": 16, "width": 8})


def test_a_teacher_is_a_copy_that_no_gradient_reaches():
    student = method_of(PLAN).student
    teacher = student.teacher()
    assert not teacher.training
    assert not any(p.requires_grad for p in teacher.parameters())
    for one, other in zip(student.parameters(), teacher.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.data_ptr() != other.data_ptr()


def test_at_the_end_a_teacher_stays_where_it_is():
    student = method_of(PLAN).student
    teacher = student.teacher()
    before = [p.clone() for p in teacher.parameters()]
    with torch.no_grad():
        for p in student.parameters():
            p.add_(1.0)
    student.lead(teacher, PLAN, PLAN.steps - 1)
    for one, other in zip(before, teacher.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    student.lead(teacher, PLAN, 0)
    assert not torch.equal(before[0], next(teacher.parameters()))


def test_a_seer_sees_what_the_encoder_sees():
    network = method_of(PLAN).network.eval()
    image = torch.rand(1, 1, 8, 8, 8)
    assert torch.equal(
        Seer(network, torch.nn.Identity()).encode(image).deepest, network.encode(image).deepest
    )


def test_a_student_that_says_what_its_teacher_says_is_no_distance_from_it():
    torch.manual_seed(0)
    logits, nothing = torch.randn(6, 5), torch.zeros(5)
    alike = Answers(logits, logits, logits).figures(nothing, 0.1)
    other = Answers(logits, logits, -logits).figures(nothing, 0.1)
    assert alike["divergence"] < 1e-6 < 1 < other["divergence"]
    for name in ("token_spread", "teacher_entropy", "answers_in_use"):
        assert alike[name] == other[name] > 0
