from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.losses.barlow import barlow_twins


def slow(first, second, redundancy) -> float:
    """Channel by channel."""
    first, second = first.double().numpy(), second.double().numpy()
    batch, channels = first.shape

    def standard(column):
        return (column - column.mean()) / np.sqrt(np.mean((column - column.mean()) ** 2) + 1e-5)

    total = 0.0
    for i in range(channels):
        for j in range(channels):
            a, b = standard(first[:, i]), standard(second[:, j])
            c = sum(a[n] * b[n] for n in range(batch)) / batch
            total += (1 - c) ** 2 if i == j else redundancy * c**2
    return total


@pytest.mark.parametrize(("batch", "channels"), [(2, 3), (8, 5), (5, 12)])
def test_it_equals_its_slow_version(batch, channels):
    torch.manual_seed(batch)
    first, second = torch.randn(2, batch, channels) * 3 + 1
    found = barlow_twins(first, second, redundancy=0.02).item()
    assert found == pytest.approx(slow(first, second, 0.02), rel=1e-5)


def test_equal_views_of_independent_channels_cost_nothing():
    """Also in a small batch: variances are biased, so the diagonal is 1 whatever the batch."""
    corners = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    assert barlow_twins(corners, corners).item() < 1e-8


def test_a_batch_smaller_than_the_channels_cannot_cost_nothing():
    torch.manual_seed(0)
    few = torch.randn(8, 128)
    assert 5 < barlow_twins(few, few).item() < 15


def test_where_all_is_one_it_is_finite():
    same = torch.ones(4, 3, requires_grad=True)
    loss = barlow_twins(same, same)
    loss.backward()
    assert loss.item() == pytest.approx(3)
    assert same.grad.isfinite().all()


def test_one_image_is_refused():
    with pytest.raises(UsageError, match="Barlow Twins"):
        barlow_twins(torch.randn(1, 4), torch.randn(1, 4))
