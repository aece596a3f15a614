from __future__ import annotations

import pytest
import torch
from slow_answers import answer_entropy, mean

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.losses.dino import dino


@pytest.mark.parametrize("views", [2, 5])
def test_it_equals_its_slow_version(views):
    """Two views that the teacher saw, and small ones that only the student did."""
    torch.manual_seed(views)
    student, teacher, centre = torch.randn(views, 3, 6), torch.randn(2, 3, 6), torch.randn(6)
    wanted = mean(
        answer_entropy(student[v, i], teacher[q, i], centre, 0.1, 0.07)
        for q in range(2)
        for v in range(views)
        if v != q
        for i in range(3)
    )
    found = dino(student, teacher, centre=centre, teacher_temperature=0.07)
    assert found.item() == pytest.approx(wanted, rel=1e-5)


def test_one_view_is_refused():
    with pytest.raises(UsageError, match="two or more"):
        dino(
            torch.zeros(1, 2, 3),
            torch.zeros(1, 2, 3),
            centre=torch.zeros(3),
            teacher_temperature=0.1,
        )
