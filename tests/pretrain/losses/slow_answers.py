"""Softmax, entropies and cosines, number by number in plain Python, for slow versions of losses."""

from __future__ import annotations

import math


def softmax(logits, temperature: float = 1.0) -> list[float]:
    powers = [math.exp(float(x) / temperature) for x in logits]
    return [power / sum(powers) for power in powers]


def answer_entropy(student, teacher, centre, warm: float, cold: float) -> float:
    """Of the student's answer under the teacher's centred one."""
    told = softmax(student, warm)
    true = softmax([float(t) - float(c) for t, c in zip(teacher, centre, strict=True)], cold)
    return -sum(p * math.log(q) for p, q in zip(true, told, strict=True))


def cosine(a, b) -> float:
    a, b = ([float(x) for x in v] for v in (a, b))
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)
