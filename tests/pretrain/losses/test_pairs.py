from __future__ import annotations

import pytest
import torch

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.losses.pairs import require_pairs


def test_batches_that_belong_together_pass():
    require_pairs(torch.zeros(2, 3), torch.zeros(2, 3), 2, "a loss")


@pytest.mark.parametrize("second", [(2, 4), (3, 3), (2, 3, 1)])
def test_others_do_not(second):
    with pytest.raises(UsageError, match="the same shape"):
        require_pairs(torch.zeros(2, 3), torch.zeros(second), 2, "a loss")


def test_too_few_are_refused_with_what_would_do():
    with pytest.raises(UsageError, match=r"1 image .* expected 2 or more. Choose a larger batch"):
        require_pairs(torch.zeros(1, 3), torch.zeros(1, 3), 2, "a loss")
