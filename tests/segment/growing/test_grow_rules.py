from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.segment.growing.rules import GrowRules


@pytest.mark.parametrize(
    "wrong",
    [
        {"slant": 0.0},
        {"network": -1.0},
        {"network": 0.0, "greys": 0.0},
        {"momentum": -0.1},
        {"least_area": 2.0, "most_area": 1.0},
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        GrowRules(**wrong)
