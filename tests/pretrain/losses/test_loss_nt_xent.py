from __future__ import annotations

import math

import pytest
import torch
from slow_answers import cosine, mean

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.losses.nt_xent import nt_xent


def slow(first, second, temperature) -> float:
    """Vector by vector."""
    vectors = [*first, *second]
    count = len(first)
    losses = []
    for i in range(2 * count):
        positive = (i + count) % (2 * count)
        others = [
            math.exp(cosine(vectors[i], vectors[j]) / temperature)
            for j in range(2 * count)
            if j != i
        ]
        found = math.exp(cosine(vectors[i], vectors[positive]) / temperature)
        losses.append(-math.log(found / sum(others)))
    return mean(losses)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
@pytest.mark.parametrize(("batch", "channels"), [(2, 3), (5, 8)])
def test_it_equals_its_slow_version(batch, channels, temperature):
    torch.manual_seed(batch)
    first, second = torch.randn(2, batch, channels)
    found = nt_xent(first, second, temperature=temperature).item()
    assert found == pytest.approx(slow(first, second, temperature), rel=1e-5)


def test_vectors_that_are_all_the_same_are_guessed():
    same = torch.ones(4, 3)
    assert nt_xent(same, same).item() == pytest.approx(math.log(7))


def test_the_images_found_cost_almost_nothing():
    apart = torch.eye(6)
    assert nt_xent(apart, apart, temperature=0.05).item() < 1e-6


def test_half_precision_does_not_overflow():
    half = torch.randn(4, 8, dtype=torch.float16)
    assert nt_xent(half, half, temperature=0.01).isfinite()


def test_one_image_is_refused():
    with pytest.raises(UsageError, match="contrastive"):
        nt_xent(torch.randn(1, 4), torch.randn(1, 4))
