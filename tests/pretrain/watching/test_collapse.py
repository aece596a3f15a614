from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_medssl.pretrain.watching.collapse import (
    answers_in_use,
    collapse_coefficient,
    divergence,
    pairs_found,
    teacher_entropy,
    token_spread,
)


def slow_coefficient(vectors) -> float:
    """Channel by channel."""
    rows = [v / math.sqrt(sum(v**2)) for v in vectors.double().numpy()]
    deviations = []
    for channel in zip(*rows, strict=True):
        middle = sum(channel) / len(channel)
        squares = sum((x - middle) ** 2 for x in channel)
        deviations.append(math.sqrt(squares / (len(channel) - 1)))
    return max(0.0, 1 - math.sqrt(len(deviations)) * sum(deviations) / len(deviations))


def test_the_coefficient_equals_its_slow_version():
    torch.manual_seed(0)
    vectors = torch.randn(6, 10) + 1.5
    assert collapse_coefficient(vectors) == pytest.approx(slow_coefficient(vectors), rel=1e-5)


def test_it_is_0_for_random_vectors_and_1_for_one_and_the_same():
    torch.manual_seed(0)
    assert collapse_coefficient(torch.randn(4096, 256)) < 0.01
    assert collapse_coefficient(torch.ones(8, 256)) == pytest.approx(1)
    assert collapse_coefficient(torch.ones(1, 256)) == 1
    assert 0.5 < collapse_coefficient(torch.randn(128, 64) + 2) < 1


def test_images_are_found_where_their_other_view_is_the_nearest():
    vectors = torch.eye(6)
    assert pairs_found(vectors, 3 * vectors) == 1
    assert pairs_found(vectors, vectors.roll(1, 0)) == 0
    half = torch.cat([vectors[:3], vectors[3:].roll(1, 0)])
    assert pairs_found(vectors, half) == 0.5


def test_tokens_of_several_images_are_looked_at_together():
    torch.manual_seed(0)
    tokens = torch.randn(2, 3, 4, 8)
    assert token_spread(tokens) == pytest.approx(token_spread(tokens.reshape(24, 8)))


def slow_entropy(answers) -> float:
    return -sum(p * math.log(p) for p in answers if p > 0)


def slow_answers(logits, centre, temperature):
    powers = np.exp((logits.double().numpy() - centre.double().numpy()) / temperature)
    return powers / powers.sum(-1, keepdims=True)


def test_entropy_and_answers_in_use_equal_their_slow_versions():
    torch.manual_seed(0)
    logits, centre = torch.randn(3, 4, 6) * 0.1, torch.randn(6) * 0.1
    answers = slow_answers(logits, centre, 0.05).reshape(12, 6)
    wanted = np.mean([slow_entropy(row) for row in answers]) / math.log(6)
    assert teacher_entropy(logits, centre, 0.05) == pytest.approx(wanted, rel=1e-4)
    used = math.exp(slow_entropy(answers.mean(0)))
    assert answers_in_use(logits, centre, 0.05) == pytest.approx(used, rel=1e-4)


def test_both_collapses_are_seen():
    nothing = torch.zeros(4)
    assert teacher_entropy(torch.zeros(5, 4), nothing, 0.1) == pytest.approx(1)
    one = torch.tensor([[9.0, 0, 0, 0]] * 5)
    assert teacher_entropy(one, nothing, 0.1) == pytest.approx(0, abs=1e-6)
    assert answers_in_use(one, nothing, 0.1) == pytest.approx(1)
    assert answers_in_use(9 * torch.eye(4), nothing, 0.1) == pytest.approx(4)


def test_divergence_equals_its_slow_version_and_is_0_where_both_agree():
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 5, 6)
    centre = torch.randn(6)
    true = slow_answers(teacher, centre, 0.5)
    told = slow_answers(student, torch.zeros(6), 0.3)
    wanted = np.mean(
        [
            sum(p * math.log(p / q) for p, q in zip(*rows, strict=True))
            for rows in zip(true, told, strict=True)
        ]
    )
    warm = {"student_temperature": 0.3, "teacher_temperature": 0.5}
    assert divergence(student, teacher, centre=centre, **warm) == pytest.approx(wanted, rel=1e-4)
    same = {"student_temperature": 0.5, "teacher_temperature": 0.5}
    assert divergence(teacher, teacher, centre=torch.zeros(6), **same) == pytest.approx(0, abs=1e-6)
